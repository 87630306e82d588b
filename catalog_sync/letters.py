"""Delivering what alarms say: by e-mail, or into a folder where no mail server is set, and to a webhook."""

from __future__ import annotations

import logging
import mimetypes
import smtplib
import ssl
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, make_msgid
from pathlib import Path

import requests

from catalog_sync.alarms import Alarm
from catalog_sync.errors import StopEverything
from catalog_sync.settings import Settings
from harvesters.net import in_words
from harvesters.secrets import Secrets, redact

SECONDS = 20.0  # one conversation with a mail server or webhook; the next minute tries again
SUBMISSION_TLS_PORT = 465
MAIL, WEBHOOK = "mail", "webhook"
NAMES = {MAIL: "почта", WEBHOOK: "webhook"}
log = logging.getLogger(__name__)


def ways(settings: Settings) -> tuple[str, ...]:
    """By what ways an alarm goes out; each is tried again until it took the alarm, whatever the other one does."""
    return (MAIL, WEBHOOK) if settings.jobs.webhook else (MAIL,)


def remembered(way: str, about: str) -> str:
    """What an alarm is known by once a way took it."""
    return about if way == MAIL else f"{about} ({way})"


def deliver(way: str, settings: Settings, alarm: Alarm, now: datetime, secrets: Secrets) -> bool:
    """Send by one way. True where it was taken; a failure is logged in words that show no address and no secret."""
    try:
        if way == MAIL:
            send_mail(settings, alarm, now, secrets)
        else:
            post(settings, alarm, now, secrets)
    except (OSError, smtplib.SMTPException, requests.RequestException, StopEverything, ValueError) as error:
        log.error("«%s» не отправлено (%s): %s", alarm.subject, NAMES[way], why(error))
        return False
    return True


def why(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error if isinstance(error.smtp_error, str) else error.smtp_error.decode("utf-8", "replace")
        return redact(f"сервер ответил {error.smtp_code} {text}")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "сервер не принял адрес получателя"
    if isinstance(error, requests.Timeout):
        return f"сервер молчит дольше {SECONDS:.0f} с"
    if isinstance(error, requests.ConnectionError):
        return "сервер не отвечает"  # its own words quote the address, and that may hold a key
    if isinstance(error, requests.RequestException):
        return "адрес webhook неверен: ожидалось https://…"  # so do these
    if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException | requests.RequestException):
        return redact(in_words(error, SECONDS))
    return redact(str(error))


def send_mail(settings: Settings, alarm: Alarm, now: datetime, secrets: Secrets) -> None:
    letter = letter_of(settings, alarm, now)
    if not settings.jobs.smtp or not settings.district.email:
        keep(settings.home / "mail", letter, now)
        return
    host, _, port = settings.jobs.smtp.partition(":")
    number = int(port or 25)
    secure = ssl.create_default_context()
    if number == SUBMISSION_TLS_PORT:
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, number, timeout=SECONDS, context=secure)
    else:
        server = smtplib.SMTP(host, number, timeout=SECONDS)
    with server:
        server.ehlo()
        if number != SUBMISSION_TLS_PORT and server.has_extn("starttls"):
            server.starttls(context=secure)
        if settings.jobs.smtp_user:
            password = secrets.resolve(settings.jobs.smtp_password, "[jobs] smtp_password")
            server.login(settings.jobs.smtp_user, password.reveal())
        server.send_message(letter)


class Subjects(EmailPolicy):
    """Long Russian subjects keep their spaces: EmailPolicy loses one where it breaks them (python/cpython#92081)."""

    def fold(self, name: str, value: str) -> str:
        if name.lower() != "subject" or value.isascii():
            return str(super().fold(name, value))
        return f"{name}: {Header(value, 'utf-8', header_name=name).encode(linesep=self.linesep)}{self.linesep}"

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() != "subject" or value.isascii():
            return bytes(super().fold_binary(name, value))
        return self.fold(name, value).encode("ascii")


def letter_of(settings: Settings, alarm: Alarm, now: datetime) -> EmailMessage:
    letter = EmailMessage(Subjects())
    sender = settings.jobs.mail_from or settings.district.email or "catalog-sync@localhost"
    letter["From"], letter["To"] = sender, settings.district.email or sender
    letter["Subject"] = " ".join(alarm.subject.split())  # a line break in a source's name must not start a header
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = make_msgid(domain="catalog-sync")
    letter.set_content(f"{alarm.text}\n{settings.web.base_url}/staff/\n")
    for name, data in alarm.files:
        kind, _, detail = (mimetypes.guess_type(name)[0] or "application/octet-stream").partition("/")
        letter.add_attachment(data, maintype=kind, subtype=detail, filename=name)
    return letter


def keep(folder: Path, letter: EmailMessage, now: datetime) -> None:
    """Without a mail server letters pile up as .eml files, which any mail program opens."""
    folder.mkdir(parents=True, exist_ok=True)
    number = sum(1 for _ in folder.glob("*.eml")) + 1
    (folder / f"{now:%Y%m%d-%H%M%S}-{number:05d}.eml").write_bytes(letter.as_bytes())


def post(settings: Settings, alarm: Alarm, now: datetime, secrets: Secrets) -> None:
    """The alarm as JSON {"about", "subject", "text", "when", "url"}; redirects are not followed."""
    body = {
        "about": alarm.about, "subject": alarm.subject, "text": alarm.text, "when": now.isoformat(),
        "url": settings.web.base_url,
    }  # fmt: skip
    address = settings.jobs.webhook
    if address.startswith(("env:", "file:")):
        address = secrets.resolve(address, "[jobs] webhook").reveal()
    answer = requests.post(address, json=body, timeout=(SECONDS, SECONDS), allow_redirects=False)
    if answer.status_code >= 300:
        raise ValueError(f"сервер ответил {answer.status_code}")
