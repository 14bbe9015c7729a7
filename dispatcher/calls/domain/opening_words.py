"""What a caller says first, in the language of the call; no word of a debt before the right person has answered."""

from collections.abc import Mapping

from dispatcher.values.sender import Sender

# who calls, what is added where it is for another creditor, whom one asks for, and the proof
_WORDS: Mapping[str, tuple[str, str, str, str]] = {
    "en": (
        "Good day, I am calling from {sender}",
        " on behalf of {creditor}",
        "Am I speaking with {name}?",
        "Before we go on, can you confirm your address or date of birth?",
    ),
    "de": (
        "Guten Tag, ich rufe an von {sender}",
        " im Auftrag von {creditor}",
        "Spreche ich mit {name}?",
        "Bevor wir weitersprechen: Nennen Sie mir bitte Ihre Anschrift oder Ihr Geburtsdatum?",
    ),
    "es": (
        "Buenos días, le llamo de {sender}",
        " por cuenta de {creditor}",
        "¿Hablo con {name}?",
        "Antes de seguir, ¿me confirma su dirección o su fecha de nacimiento?",
    ),
    "fr": (
        "Bonjour, je vous appelle de la part de {sender}",
        " pour le compte de {creditor}",
        "Est-ce que je parle bien à {name} ?",
        "Avant de poursuivre, pouvez-vous me confirmer votre adresse ou votre date de naissance ?",
    ),
    "it": (
        "Buongiorno, la chiamo da {sender}",
        " per conto di {creditor}",
        "Parlo con {name}?",
        "Prima di proseguire, può confermarmi il suo indirizzo o la sua data di nascita?",
    ),
    "nl": (
        "Goedendag, ik bel u namens {sender}",
        ", in opdracht van {creditor}",
        "Spreek ik met {name}?",
        "Voordat we verdergaan: kunt u uw adres of uw geboortedatum bevestigen?",
    ),
    "pt": (
        "Bom dia, ligo de {sender}",
        " em nome de {creditor}",
        "Falo com {name}?",
        "Antes de continuar, pode confirmar o seu endereço ou a sua data de nascimento?",
    ),
}


def opening_words(sender: Sender, name: str, language: str) -> tuple[str, ...]:
    """What to say first: who calls and for whom, and nothing of a debt before the right person has answered."""
    primary = language.replace("_", "-").partition("-")[0].lower()
    calls, for_whom, asks_for, proof = _WORDS.get(primary, _WORDS["en"])
    creditor = "" if sender.creditor_name in ("", sender.name) else sender.creditor_name.rstrip(".")
    opening = calls.format(sender=sender.name) + (for_whom.format(creditor=creditor) if creditor else "")
    return f"{opening}.", asks_for.format(name=name), proof
