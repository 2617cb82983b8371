"""What is asked before an effect goes out to another system; a new guard is one line here."""

from leadops.consent.consent_guards import CONSENT_GUARDS
from leadops.delivery.effect_guard import EffectGuard
from leadops.nurture import guard as nurture

EFFECT_GUARDS: tuple[EffectGuard, ...] = (*CONSENT_GUARDS, nurture.GUARD)
