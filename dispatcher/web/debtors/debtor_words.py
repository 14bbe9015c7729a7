"""What the debtors' own page says, in each language it speaks."""

from collections.abc import Mapping
from types import MappingProxyType

_ENGLISH = {
    "title": "Messages from {sender}",
    "intro": "Here you can say how {sender} may write to you. No password is needed, and no account is shown.",
    "stop": "Stop messages",
    "stop_address": "Stop messages to {address}",
    "stop_medium": "Stop all {medium}",
    "stop_all": "Stop every kind of message from {sender}",
    "stop_button": "Stop",
    "stop_note": "It takes effect at once. Letters that the law requires may still come.",
    "suit": "Or say what suits you",
    "ways": "You may write to me by",
    "hours": "Times that suit me (where I live)",
    "days": "Days that suit me",
    "morning": "in the morning, 8:00 to 12:00",
    "afternoon": "in the afternoon, 12:00 to 17:00",
    "evening": "in the evening, 17:00 to 21:00",
    "week": "Monday to Friday",
    "saturday": "Saturday",
    "sunday": "Sunday",
    "language": "Language",
    "keep": "as it is",
    "save": "Save",
    "saved": "Saved. Thank you.",
    "stopped": "Done. We will not write to you this way any more.",
    "choose": "Choose what to stop.",
    "some": "Choose at least one way, one time and one day, or stop every kind of message.",
    "gone_title": "This link does not work any more",
    "gone": "This link is not known. If you want to stop messages, answer STOP, or call or write to the sender.",
    "email": "e-mails",
    "sms": "text messages",
    "letter": "letters",
    "call": "calls",
    "by_email": "e-mail",
    "by_sms": "text message",
    "by_letter": "letter",
    "contact": "Questions? {phone}, {email}",
    "undo": "Changed your mind? Call or write to us.",
}
_SPANISH = {
    "title": "Mensajes de {sender}",
    "intro": "Aquí puede decir cómo puede escribirle {sender}. No necesita contraseña y no se muestra ninguna cuenta.",
    "stop": "Dejar de recibir mensajes",
    "stop_address": "No recibir más mensajes en {address}",
    "stop_medium": "No recibir más {medium}",
    "stop_all": "No recibir ningún tipo de mensaje de {sender}",
    "stop_button": "Dejar de recibir",
    "stop_note": "Tiene efecto de inmediato. Puede que reciba aún las cartas que exige la ley.",
    "suit": "O diga qué le conviene",
    "ways": "Pueden escribirme por",
    "hours": "Horas que me convienen (donde vivo)",
    "days": "Días que me convienen",
    "morning": "por la mañana, de 8:00 a 12:00",
    "afternoon": "por la tarde, de 12:00 a 17:00",
    "evening": "por la noche, de 17:00 a 21:00",
    "week": "de lunes a viernes",
    "saturday": "sábado",
    "sunday": "domingo",
    "language": "Idioma",
    "keep": "como hasta ahora",
    "save": "Guardar",
    "saved": "Guardado. Gracias.",
    "stopped": "Hecho. No le escribiremos más por esta vía.",
    "choose": "Elija qué quiere dejar de recibir.",
    "some": "Elija al menos una vía, una hora y un día, o deje de recibir todo tipo de mensajes.",
    "gone_title": "Este enlace ya no funciona",
    "gone": "No conocemos este enlace. Para no recibir más mensajes, responda ALTO, o llame o escriba al remitente.",
    "email": "correos electrónicos",
    "sms": "mensajes de texto",
    "letter": "cartas",
    "call": "llamadas",
    "by_email": "correo electrónico",
    "by_sms": "mensaje de texto",
    "by_letter": "carta",
    "contact": "¿Preguntas? {phone}, {email}",
    "undo": "¿Ha cambiado de opinión? Llámenos o escríbanos.",
}
WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": _ENGLISH, "es": _SPANISH})
NAMES = {"en": "English", "es": "Español"}


def words_in(language: str) -> tuple[str, Mapping[str, str]]:
    """(language, words) nearest to a tag; English where we speak none of it."""
    primary = language.replace("_", "-").split("-")[0].lower()
    return (primary, WORDS[primary]) if primary in WORDS else ("en", WORDS["en"])
