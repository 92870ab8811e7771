"""The Polish wording of the demo trust: the letter that starts a direction, as a translation beside the English one."""

TEXTS = {
    "subject": "Skierowanie na naukę poza szkołą",
    "opening": (
        "Piszę, aby poinformować, że {{ student }} ma obowiązek uczęszczać do placówki {{ provider }} od dnia "
        "{{ first }} do dnia {{ last }}. List w języku angielskim jest formalnym zawiadomieniem o tym skierowaniu. "
        "Wyjaśnia on, dlaczego podjęliśmy tę decyzję, co ma ona dać oraz kiedy i gdzie należy się stawić."
    ),
    "why_heading": "Dlaczego podjęliśmy tę decyzję",
    "aims_heading": "Cele",
    "measure": "Powodzenie ocenimy według tego celu:",
    "when_heading": "Kiedy i gdzie",
    "attendance_heading": "Obecność",
    "attendance": (
        "W dni szkolne obowiązują wszystkie zajęcia podane powyżej. W razie choroby lub innej przeszkody prosimy "
        "zadzwonić do szkoły pod numer {{ school_phone }} przed pierwszymi zajęciami tego dnia. Nieobecność w placówce "
        "traktujemy tak samo jak nieobecność w szkole."
    ),
    "reviews_heading": "Przeglądy i prawo do przeglądu",
    "reviews": (
        "Pierwszy przegląd odbędzie się najpóźniej {{ first_review }}, a kolejne co najmniej raz w semestrze. Na każdy "
        "zaprosimy rodziców i ucznia i zapytamy o ich zdanie."
    ),
    "ground_heading": "Podstawa zawiadomienia",
    "ground": (
        "Trust wydaje to skierowanie na podstawie swojego statutu. Uprawnienie to mają dyrektor wykonawczy i "
        "dyrektorzy szkół (Alternative Provision Policy, rozdział 7). Trust stosuje przepisy Education (Educational "
        "Provision for Improving Behaviour) Regulations 2010 (SI 2010/1156) ze zmianami."
    ),
    "help": (
        "Jeśli coś w tym liście jest niejasne, prosimy zadzwonić do szkoły pod numer {{ school_phone }}. Szkoła "
        "zapewni tłumacza."
    ),
    "closing": "Z poważaniem",
}

LABELS = {
    "title": "Zawiadomienie o nauczaniu alternatywnym",
    "dear": "Szanowna Pani / Szanowny Panie {name}",
    "dear_colleague": "Szanowni Państwo",
    "telephone": "Telefon",
    "reference": "Nasz znak:",
    "about": "{student}, {year}, data urodzenia {born}",
    "year": "Year {number}",
    "placement": "Nauka w placówce",
    "starts": "Początek",
    "changes_from": "Zmiana od",
    "period": "Okres",
    "at": "{day}, godzina {time}",
    "span": "{first} – {last}",
    "days_required": "Liczba obowiązkowych dni szkolnych",
    "days_from_then": "Liczba obowiązkowych dni szkolnych od tego dnia",
    "programme": "Program",
    "address": "Adres",
    "address_on": "Adres: {days}",
    "report_to": "Pierwszego dnia zgłosić się do",
    "report_then": "Tego dnia zgłosić się do",
    "report_at": "{person}, {site}",
    "first_review": "Pierwszy przegląd najpóźniej",
    "sessions": "Dni i godziny zajęć",
    "day": "Dzień",
    "morning_session": "Zajęcia przed południem",
    "afternoon_session": "Zajęcia po południu",
    "morning": "przed południem",
    "afternoon": "po południu",
    "week": "(tydzień {letter})",
    "last_day": "Ostatni dzień okresu",
    "return": "Powrót",
    "return_on": "Data powrotu",
    "return_time": "Godzina",
    "return_place": "Miejsce",
    "return_person": "Zgłosić się do",
    "withdrawn": "Zawiadomienie wycofane",
    "withdrawn_from": "Wycofane dnia",
    "headteacher": "Dyrektor szkoły",
    "acting_head": "Pełniący obowiązki dyrektora szkoły",
    "chief": "Dyrektor wykonawczy",
    "exclusion_statement": (
        "Miejsce to proponujemy zamiast trwałego wykluczenia ze szkoły. Nie jest to wykluczenie: {student} pozostaje "
        "na liście uczniów tej szkoły."
    ),
    "review_right": (
        "W każdej chwili można pisemnie poprosić szkołę o przegląd. Odbędzie się on możliwie najszybciej, chyba że w "
        "ciągu dziesięciu tygodni przed prośbą przegląd już się odbył. Jeśli uczeń ma plan EHC, w ten sam sposób może "
        "o to poprosić samorząd."
    ),
    "translation": "To jest tłumaczenie. Zawiadomieniem jest list w języku angielskim, do którego jest dołączone.",
    "own_words": "Powody, cele i inne słowa napisane w tej sprawie są takie jak w liście angielskim.",
}
