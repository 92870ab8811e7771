"""The thresholds of policy and law: what holds since when and why, and changing one in two steps."""

from typing import Any

from django.http import Http404
from django.urls import reverse, reverse_lazy

from trust.calendar import london_date
from trust.codes import SETTINGS, SettingCode
from trust.forms import SettingForm
from trust.models import PolicySetting
from trust.permissions import Permission
from trust.queries import thresholds
from trust.services import approve_setting, drop_setting, propose_setting
from trust.web import Guard, Page, ServiceAction, ServiceFormView


class SettingList(Page):
    """Every threshold with its value, its source, since when and by whom, what waits, and its history."""

    permission = Permission.SEE_SETTINGS
    template_name = "trust/setting_list.html"
    http_method_names = ["get", "head", "options"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = thresholds(london_date(self.now))
        return super().get_context_data(
            thresholds=found,
            changed=[one for one in found if one.history],
            may_propose=self.holds(Permission.PROPOSE_SETTING),
            may_approve=self.holds(Permission.APPROVE_SETTING),
            **kwargs,
        )


class SettingPropose(ServiceFormView):
    """A new value for the threshold named in the address."""

    permission = Permission.PROPOSE_SETTING
    template_name = "trust/setting_propose.html"
    form_class = SettingForm
    success_url = reverse_lazy("trust:setting-list")
    done = "Proposed. It comes into force on its day once the chief executive has approved it."

    def load(self) -> None:
        code = self.request.GET.get("code", SettingCode.NOTICE_READING)
        if code not in SettingCode.values:
            raise Http404
        self.code = SettingCode(code)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "code": self.code}

    def act(self, data: dict[str, Any]) -> Any:
        return propose_setting(code=self.code, by=self.by, now=self.now, **data)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = next(one for one in thresholds(london_date(self.now)) if one.code == self.code)
        return super().get_context_data(
            threshold=now,
            rule=SETTINGS[self.code],
            title="Propose a threshold",
            submit_label="Propose",
            cancel_url=reverse("trust:setting-list"),
            crumbs=[("Thresholds", reverse("trust:setting-list"))],
            **kwargs,
        )


class OfSetting(Guard):
    """A button about one proposal."""

    setting: PolicySetting

    def load(self) -> None:
        self.setting = self.find(PolicySetting.objects.visible_to(self.request.user))

    def get_success_url(self) -> str:
        return reverse("trust:setting-list")


class SettingApprove(OfSetting, ServiceAction):
    """The chief executive lets a proposed value come into force."""

    permission = Permission.APPROVE_SETTING
    done = "Approved. It holds from its day on."

    def act(self) -> Any:
        return approve_setting(setting_id=self.setting.pk, by=self.by, now=self.now)


class SettingDrop(OfSetting, ServiceAction):
    """A proposal, or an approved value whose day is still to come, is taken off the table."""

    permission = Permission.SEE_SETTINGS
    done = "It was dropped. It does not come into force."

    def act(self) -> Any:
        return drop_setting(setting_id=self.setting.pk, by=self.by, now=self.now)
