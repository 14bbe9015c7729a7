"""What one would use instead, measured the same way: an actor or task a message that renders and posts, no record.

python -m benchmarks.dispatch_others actor COUNT REDIS SMTP_PORT PROCESSES   (needs nothing but our dependencies)
python -m benchmarks.dispatch_others celery|post_office …                    (in an environment that has them)

Enqueueing is counted. Each prints a line of JSON.
"""

import json
import multiprocessing
import smtplib
import sys
import threading
import time
from email.message import EmailMessage

TEXT = (
    "Hello {{ name }},\n\nthis is a reminder of {{ amount }} for {{ reference }}, due on {{ due }}.\n\n"
    + "Plain words. " * 90
)
HTML = (
    "<html><body><p>Hello {{ name }},</p><p>{{ amount }} for {{ reference }}, due on {{ due }}.</p><p>"
    + "Plain words. " * 90
    + "</p></body></html>"
)
BOUNDARY = "=-=-a-prepared-boundary-=-="

_local = threading.local()

SENDER = "acme@example.com"


def values(number: int) -> dict[str, str]:
    return {
        "name": f"Ana Person {number}",
        "amount": f"USD {50 + number % 900}.00",
        "reference": f"R{number:07d}",
        "due": "2 March 2026",
    }


def templates() -> tuple[object, object]:
    if not hasattr(_local, "templates"):
        from jinja2 import Environment

        environment = Environment(autoescape=True)
        _local.templates = environment.from_string(TEXT), environment.from_string(HTML)
    return _local.templates


def render(number: int) -> bytes:
    """Prepared MIME: the quickest honest way, parts filled into a skeleton."""
    text, html = (template.render(values(number)) for template in templates())  # type: ignore[attr-defined]
    return (
        f"From: acme@example.com\r\nTo: ana{number}@debtors.example\r\nSubject: A message from Acme\r\n"
        f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n\r\n'
        f"--{BOUNDARY}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        f"--{BOUNDARY}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--{BOUNDARY}--\r\n"
    ).encode()


def post(number: int, port: int) -> None:
    """Render and send over a kept session a thread."""
    if not hasattr(_local, "client"):
        _local.client = smtplib.SMTP("127.0.0.1", port)
    _local.client.sendmail("acme@example.com", [f"ana{number}@debtors.example"], render(number))


def _broker(redis_url: str):
    from dramatiq.brokers.redis import RedisBroker

    return RedisBroker(url=redis_url, namespace="bare", middleware=[])


def _declare(broker, port: int, done=None):
    import dramatiq

    @dramatiq.actor(broker=broker, actor_name="send_one")
    def send_one(number: int) -> None:
        post(number, port)
        if done is not None:
            with done.get_lock():
                done.value += 1

    return send_one


def _actor_worker(redis_url: str, port: int, done, stop) -> None:
    from dramatiq.worker import Worker

    broker = _broker(redis_url)
    _declare(broker, port, done)
    worker = Worker(broker, worker_threads=8, worker_timeout=100)
    worker.start()
    stop.wait()
    worker.stop()


def actor(count: int, redis_url: str, port: int, processes: int) -> dict[str, object]:
    context = multiprocessing.get_context("spawn")
    done, stop = context.Value("i", 0), context.Event()
    crew = [
        context.Process(target=_actor_worker, args=(redis_url, port, done, stop)) for _ in range(processes)
    ]
    for one in crew:
        one.start()
    send_one = _declare(_broker(redis_url), port)
    time.sleep(3)  # the workers' start-up is not what is compared
    began = time.perf_counter()
    for number in range(count):
        send_one.send(number)
    while done.value < count:
        time.sleep(0.01)
    seconds = time.perf_counter() - began
    stop.set()
    for one in crew:
        one.join(20)
    return {"count": count, "seconds": seconds}


def celery(count: int, redis_url: str, port: int, processes: int) -> dict[str, object]:
    from celery import Celery
    from celery.contrib.testing.worker import start_worker

    app = Celery("bare", broker=redis_url)
    app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=64, worker_hijack_root_logger=False)
    done = [0]

    @app.task(name="send_one")
    def send_one(number: int) -> None:
        post(number, port)
        done[0] += 1

    with start_worker(app, pool="threads", concurrency=8, perform_ping_check=False):
        began = time.perf_counter()
        for number in range(count):
            send_one.delay(number)
        while done[0] < count:
            time.sleep(0.01)
        return {"count": count, "seconds": time.perf_counter() - began, "processes": processes and 1}


def post_office(count: int, _redis_url: str, port: int, _processes: int) -> dict[str, object]:
    import tempfile

    import django
    from django.conf import settings

    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{tempfile.mkdtemp()}/db.sqlite"}},
        EMAIL_HOST="127.0.0.1", EMAIL_PORT=port, USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        POST_OFFICE={"BATCH_SIZE": 500, "THREADS_PER_PROCESS": 5, "LOG_LEVEL": 1},
    )  # fmt: skip
    django.setup()
    from django.core.management import call_command
    from post_office import mail
    from post_office.models import EmailTemplate

    call_command("migrate", verbosity=0)
    template = EmailTemplate.objects.create(
        name="reminder", subject="A message from Acme", content=TEXT, html_content=HTML
    )
    began = time.perf_counter()
    for start in range(0, count, 500):
        rows = range(start, min(count, start + 500))
        mail.send_many([
            {"sender": SENDER, "recipients": [f"ana{n}@debtors.example"], "template": template, "context": values(n)}
            for n in rows
        ])  # fmt: skip
    while mail.send_queued(processes=1, log_level=1)[0]:
        pass
    return {"count": count, "seconds": time.perf_counter() - began}


def check_render() -> None:
    """The prepared bytes are a mail with both parts."""
    from email import message_from_bytes, policy

    mail = message_from_bytes(render(1), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


if __name__ == "__main__":
    check_render()
    name, count, redis_url, port, processes = sys.argv[1:6]
    print(json.dumps(globals()[name](int(count), redis_url, int(port), int(processes))))
