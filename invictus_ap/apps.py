from django.apps import AppConfig


class InvictusApConfig(AppConfig):
    name = "invictus_ap"
    verbose_name = "Invictus AP"
