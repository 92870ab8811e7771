/* The week grid by keyboard: arrows move, a letter marks, and 'All as planned' fills without asking the server. */
(() => {
  "use strict";
  const letters = new Set(["P", "L", "A", "N"]);

  const start = () => {
    const form = document.querySelector("[data-week-grid]");
    if (!form) return;
    const rows = Array.from(form.querySelectorAll("tbody tr"))
      .map((row) => Array.from(row.cells, (cell) => cell.querySelector("input[name^='m-']")))
      .filter((row) => row.some(Boolean));

    const place = (input) => {
      const row = rows.findIndex((cells) => cells.includes(input));
      return { row, column: row < 0 ? -1 : rows[row].indexOf(input) };
    };
    const go = (input, down, right) => {
      let { row, column } = place(input);
      for (;;) {
        row += down;
        column += right;
        if (!rows[row] || column < 0 || column >= rows[row].length) return;
        if (rows[row][column]) {
          rows[row][column].focus();
          rows[row][column].select();
          return;
        }
      }
    };
    const show = (input) => {
      input.closest("td").classList.toggle("no-return", input.hasAttribute("data-expected") && !input.value);
    };

    form.addEventListener("keydown", (event) => {
      const input = event.target;
      if (!input.matches("input[name^='m-']") || event.ctrlKey || event.altKey || event.metaKey) return;
      const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
      if (moves[event.key]) {
        event.preventDefault();
        go(input, ...moves[event.key]);
      } else if (letters.has(event.key.toUpperCase())) {
        event.preventDefault();
        input.value = event.key.toUpperCase();
        show(input);
        go(input, 0, 1);
      }
    });
    form.addEventListener("focusin", (event) => {
      if (event.target.matches("input[name^='m-']")) event.target.select();
    });
    form.addEventListener("input", (event) => {
      if (event.target.matches("input[name^='m-']")) {
        event.target.value = event.target.value.toUpperCase();
        show(event.target);
      }
    });
    form.querySelector("[data-planned]").addEventListener("click", (event) => {
      event.preventDefault();
      rows.flat().forEach((input) => {
        if (input && input.hasAttribute("data-expected") && !input.value) {
          input.value = "P";
          show(input);
        }
      });
    });
  };

  document.addEventListener("DOMContentLoaded", start);
})();
