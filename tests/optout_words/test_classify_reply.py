"""What replies mean, by the words of the shipped table."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.people.domain.optout_words import ReplyMeaning, classify_reply
from dispatcher.rulebook.optout_words import load_optout_words
from dispatcher.rulebook.yaml_file import ConfigError
from tests.shared import ROOT

TABLE = load_optout_words(ROOT / "config" / "content" / "optout_words.yaml")
STOP_WORDS = [" ".join(words) for words, keyword in TABLE.keywords.items() if keyword.kind == "stop"]


def kind(text):
    return classify_reply(text, TABLE).kind


@pytest.mark.parametrize("word", ["stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe"])
def test_the_words_that_revoke_by_themselves_stop(word):
    assert classify_reply(word.upper(), TABLE) == ReplyMeaning(
        kind="stop", scope_hint="address", matched=word, language="en"
    )


@pytest.mark.parametrize(
    "text",
    [
        "STOP.", "Stop!!!", "stop \U0001f6d1", "S T O P", "S.T.O.P.", "STOPPPP", "opt-out", "OPTOUT", "Opt_Out", "\uff33\uff34\uff2f\uff30", "\u24c8\u24c9\u24c4\u24c5",
        "s\u200btop", "'STOP'", "\u00abARRÊT\u00bb", "STOP STOP STOP", "STOP, CANCEL, QUIT", "Please stop, thank you", "STOPALL", "Stop all",
        "ALTO", "Baja", "Desuscribir", "unsub", "Cessez", "não quero mais", "¡BASTA!", "no más", "No más, por favor", "parar", "SAIR", "cancelar", "Descadastrar", "arret", "ARRÊT svp", "Désabonner", "arrêtez",
    ],
)  # fmt: skip
def test_a_keyword_in_any_dress_stops(text):
    assert kind(text) == "stop"


BY_KIND = (
    "pare de me mandar sms", "Parem de me enviar mensagens", "quero cancelar a inscrição", "quero cancelar as mensagens",
    "deixem de me ligar", "quiero cancelar la suscripción", "deja de mandarme mensajes", "paren de mandarme mensajes",
    "quiero cancelar los mensajes", "quítenme de esta lista", "please cancel my subscription", "I'd like to cancel the texts",
    "stop spamming me", "take my number off your system", "je veux annuler mon abonnement", "veuillez supprimer mon numéro",
    "arrêtez donc de m'envoyer tous ces messages",
    "quit blowing me up and never text me again", "no further letters to this house please",
    "I don't want to hear from you people", "get my number off your system",
    "you are not to be trusted, do not ring us again", "please opt me out",
    "kindly refrain from contacting me", "stop with the emails", "dejad de llamarme ya",
    "que no me escribais mas hostia", "no autorizo que me contacten", "saquenme de la base",
    "no quiero saber nada de ustedes", "les pido que no me manden mas avisos", "parem de encher meu saco",
    "nao quero q vcs me liguem", "peço que não me contactem mais", "tira meu contato da lista",
    "chega de sms", "cessez vos appels", "je veux plus recevoir vos courriers",
    "merci de ne plus me relancer", "m'appelez plus", "effacez mes coordonnées de vos fichiers",
    "je vous demande d'arrêter de m'envoyer des textos",
    "pls stop msgs",
)  # fmt: skip
NOT_BY_KIND = (
    "não pare de me mandar sms", "no quiero cancelar la suscripción", "I want to cancel the payment plan",
    "quiero cancelar la deuda", "quero cancelar minha dívida e pagar tudo", "je veux annuler ma dette",
    "how do I cancel my subscription?", "cómo cancelo la suscripción", "if you stop these texts I will pay",
    "tengo un numero para mandar mensajes", "please cancel my plan, text me tomorrow", "cancel my plan text me",
    "deje de fumar, envie mensajes", "at the end of your message you say I owe",
    "please keep sending the reminders", "don't stop the reminders, they help me",
    "I don't want these messages to stop", "I never text you back because I work", "they never call me back",
    "you never send me anything", "don't call me before six", "don't text me until I'm home, then yes",
    "do you stop sending letters if I pay", "would you stop the letters?", "I stopped calling you",
    "they told me you would stop calling", "I can stop by and leave my number off the form",
    "stop the interest", "no more letters came after march", "I did not get your messages",
    "you didn't leave me any messages", "do not remove my number", "never mind, send me the letters",
    "I don't want to miss your messages", "take me off the account as cosigner",
    "no dejen de mandarme los avisos", "no quiero que dejen de escribirme", "no me llega ningun mensaje",
    "no me mandaron nada mas", "no me han mandado mensajes", "ya no me mandan nada",
    "si no me escriben mas, pago", "no me llamen hasta el lunes", "no recibi mas mensajes",
    "no es que no me escriban", "no borren mi numero", "ya deje de recibir sus mensajes",
    "sigan mandando los avisos por favor", "vocês não me mandaram mais nada", "não recebi mais mensagens",
    "podem continuar a mandar mensagens", "não parem de mandar mensagens", "ela não me liga mais",
    "não me mandem mensagem no trabalho", "não tire meu número da lista",
    "vous ne m'envoyez plus rien depuis mars", "je ne reçois plus de messages", "n'arrêtez pas les messages",
    "continuez à m'envoyer des sms", "ne m'appelez pas avant 18h", "je n'ai plus de messages",
    "pourquoi vous ne m'écrivez plus", "on ne me contacte plus", "j'ai arrêté de vous écrire",
    "ne supprimez pas mon numéro",
)  # fmt: skip


@pytest.mark.parametrize("text", BY_KIND)
def test_a_wish_is_heard_by_its_kind(text):
    assert kind(text) == "stop"


@pytest.mark.parametrize("text", NOT_BY_KIND)
def test_what_ends_something_else_or_nothing_is_no_stop(text):
    assert kind(text) == "unclear"


@pytest.mark.parametrize(
    "text",
    ["Wrong number", "sorry, wrong number!", "You have the wrong person", "Número equivocado", "se equivocó de número",
     "número errado", "Mauvais numéro", "vous vous trompez de numéro"],
)  # fmt: skip
def test_a_certain_wrong_number_is_one(text):
    assert kind(text) == "wrong_number"


@pytest.mark.parametrize(
    "text",
    ["you have the wrong amount", "wrong number of payments", "is this the wrong number?", "this is not the wrong number",
     "el número de pagos está equivocado", "numero errado de parcelas"],
)  # fmt: skip
def test_a_doubtful_one_is_not(text):
    assert kind(text) == "unclear"


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("please stop texting me", "sms"),
        ("Can you stop texting me?", "sms"),
        ("I already paid this. Do not text me again!", "sms"),
        ("please leave me alone with these messages", "address"),
        ("I do not wish to receive these messages", "address"),
        ("Do not text this number again", "sms"),
        ("cease all communication with me", "all"),
        ("por favor quiero desuscribirme", "address"),
        ("pare de me mandar mensagem", "sms"),
        ("stop calling", "call"),
        ("I revoke my consent to be contacted", "address"),
        ("Remove my number from your system", "address"),
        ("no me escriban más", "address"),
        ("Ya pagué, no me manden más mensajes", "sms"),
        ("por favor dejen de llamarme", "call"),
        ("quiero darme de baja de esto", "address"),
        ("não me mande mais mensagens", "sms"),
        ("por favor parem de me ligar", "call"),
        ("me deixem em paz!!", "address"),
        ("ne m'envoyez plus de SMS", "sms"),
        ("ne m\u2019envoyez plus rien", "sms"),
        ("arrêtez de me contacter", "address"),
        ("je souhaite me désabonner", "address"),
        ("STOP ALL", "all"),
        ("stop all communication with me", "all"),
    ],
)
def test_a_plain_wish_in_a_sentence_stops_what_it_names(text, scope):
    meaning = classify_reply(text, TABLE)
    assert (meaning.kind, meaning.scope_hint) == ("stop", scope)


@pytest.mark.parametrize(
    "text",
    [
        "don't stop", "please don\u2019t stop texting me", "never stop", "how do I stop", "how do I stop these messages?", "If I pay, will you stop texting me",
        "stop by the office tomorrow", "I will stop by at 5", "the end", "cancel my appointment", "no más tarde de las 5", "baja california", "no dejen de escribirme",
        "¿cómo le hago para que dejen de llamarme?", "não parem de me ligar", "comment faire pour ne plus recevoir vos messages", "Reply STOP to stop texts",
        "st0p", "stpo", "sotp", "STOP 1", "STOP START", "", "   ", "\U0001f6d1", "yes", "ok", "I already paid", "\u0000", "1",
        "help me stop the start",
    ],
)  # fmt: skip
def test_a_doubtful_reply_is_unclear(text):
    assert kind(text) == "unclear"


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("st0p", "stop"),
        ("stpo", "stop"),
        ("5top", "stop"),
        ("unsuscribe", "unsubscribe"),
        ("cancell", "cancel"),
        ("don't stop", "stop"),
    ],
)
def test_an_unclear_reply_names_the_keyword_it_is_near_to(text, near):
    meaning = classify_reply(text, TABLE)
    assert (meaning.kind, meaning.matched) == ("unclear", near)


@pytest.mark.parametrize("text", ["START", "unstop", "Alta", "COMEÇAR", "Reprendre", "opt in"])
def test_a_start_word_alone_starts(text):
    assert kind(text) == "start"


@pytest.mark.parametrize(
    "text", ["start tomorrow", "when do I start?", "I did not start this", "dar de alta no, baja"]
)
def test_a_start_word_among_others_starts_nothing(text):
    assert kind(text) != "start"


@pytest.mark.parametrize("text", ["HELP", "help!", "Info", "ayuda", "AJUDA", "aide", "Ayuda por favor"])
def test_a_help_word_asks_for_help(text):
    assert kind(text) == "help"


@given(st.text(max_size=300))
@settings(max_examples=500, deadline=None)
def test_any_text_has_a_meaning(text):
    assert kind(text) in {"stop", "start", "help", "unclear"}


def _decorates(char):
    """Neither a letter, a digit nor a mark; a keycap's enclosure makes one of a digit only, and ">" a quotation."""
    return unicodedata.category(char)[0] in "PSZC" and char not in "'`\u00b4>"


DECORATION = st.text(alphabet=st.characters(exclude_categories=["Cs"]).filter(_decorates), max_size=8)


@given(
    st.sampled_from(STOP_WORDS),
    DECORATION,
    DECORATION,
    st.sampled_from([str.upper, str.lower, str.title, str]),
)
@settings(max_examples=500, deadline=None)
def test_a_stop_word_in_any_decoration_stops(word, before, after, cased):
    assert kind(f"{before}{cased(word)}{after}") == "stop"


@given(
    st.sampled_from(STOP_WORDS),
    st.sampled_from(
        ["\U0001f6d1", "\u270b\ufe0f", "1\ufe0f\u20e3", "\U0001f621\U0001f3fd", "\u2122", "\u2026", "!!"]
    ),
)
def test_a_stop_word_with_emoji_stops(word, emoji):
    assert kind(f"{emoji}{word}{emoji}") == "stop"


@given(st.text(max_size=60), st.sampled_from(["stop", "baja", "arret"]))
@settings(max_examples=300, deadline=None)
def test_a_message_with_a_stop_word_never_starts_again(text, word):
    assert kind(f"{text} {word} {text}") != "start"


def test_a_very_long_message_is_read_in_time():
    assert kind("lorem ipsum " * 200_000) == "unclear"


def test_no_start_or_help_word_stops_and_no_stop_word_starts():
    kinds = {words: keyword.kind for words, keyword in TABLE.keywords.items()}
    for words, expected in kinds.items():
        assert kind(" ".join(words)) == expected


def test_every_phrase_stops_by_itself():
    for phrase in TABLE.phrases:
        assert kind(" ".join(phrase.words)) == "stop", phrase


def test_a_word_of_two_meanings_is_refused_with_its_place(tmp_path):
    shipped = (ROOT / "config" / "content" / "optout_words.yaml").read_text()
    broken = tmp_path / "optout_words.yaml"
    broken.write_text(shipped.replace("start: [alta,", "start: [stop, alta,"))
    with pytest.raises(
        ConfigError, match=r"optout_words\.yaml:\d+: languages\.es\.start\.0: 'stop' means stop in en"
    ):
        load_optout_words(broken)


def test_an_unquoted_no_is_refused_with_its_line(tmp_path):
    shipped = (ROOT / "config" / "content" / "optout_words.yaml").read_text()
    broken = tmp_path / "optout_words.yaml"
    broken.write_text(shipped.replace('wont, "no", didnt', "wont, no, didnt"))
    with pytest.raises(ConfigError, match=r"languages\.en\.negators\.6: False is not of type 'string'"):
        load_optout_words(broken)


def test_a_part_that_names_no_class_is_refused_with_its_line(tmp_path):
    shipped = (ROOT / "config" / "content" / "optout_words.yaml").read_text()
    broken = tmp_path / "optout_words.yaml"
    broken.write_text(shipped.replace("parts: [$end, $contacting]", "parts: [$ends, $contacting]", 1))
    (tmp_path / "care_words.yaml").write_text((ROOT / "config" / "content" / "care_words.yaml").read_text())
    with pytest.raises(ConfigError, match=r"optout_words\.yaml:\d+: .*'\$ends' names no class of words"):
        load_optout_words(broken)
