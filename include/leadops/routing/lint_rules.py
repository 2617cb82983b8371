"""Finds faults in rules and reps.yaml: rules that no lead reaches, people who left, leads without a rule."""

from collections.abc import Iterator
from itertools import islice, product

from leadops.routing.routing_rules import (
    PROFILE_LISTS,
    Facts,
    RoutingRule,
    RoutingRules,
    fold_value,
    list_forms,
)
from leadops.routing.team import INACTIVE, NO_PROFILE, SHARED_ENTRY, Rep, Team

#: Stands for any value that neither the rules nor the profiles name.
OTHER = "any other"

#: Stands for every value, and for none.
ANY = "*"

#: A kind of lead: a value (None: unknown) for each fact, in the order of the domains.
Values = tuple[str | None, ...]
Domains = dict[str, list[str | None]]

#: Kinds of leads tried; more would take minutes.
MAX_KINDS = 200_000

#: Kinds of leads without a rule that are listed.
MAX_LISTED = 5


def lint_rules(rules: RoutingRules, team: Team) -> list[str]:
    """Return one line per finding; empty if there is none.

    Tries every kind of lead: each combination of the values that rules and profiles name, another value, and
    an unknown one. With more than 200,000 kinds it tries the first of them and reports that.
    """
    domains = _find_domains(rules, team)
    reached: set[str] = set()
    gaps: list[Values] = []
    tried = 0
    for values in islice(product(*domains.values()), MAX_KINDS):
        tried += 1
        facts = {name: value for name, value in zip(domains, values, strict=True) if value is not None}
        taken = [rule for rule in rules.rules if rule.matches(facts) and _pool(rule, facts, team)]
        for rule in taken:
            reached.add(rule.name)
            if rule.if_nobody == "wait":
                break
        if not taken:
            gaps.append(values)
    findings = [*_find_leavers(rules, team), *_find_faults(team), *_find_people(rules, team)]
    if not len(team):
        return ["no salespeople are known: poll the CRM first (watch_sla, task poll)"]
    findings += [
        f"rule {rule.name!r}: {_why_unreached(rule, rules, team)}"
        for rule in rules.rules
        if rule.name not in reached
    ]
    findings += [
        f"no rule for a lead with {_describe(gap, domains)}: it would wait in the queue {rules.queue.name}"
        for gap in islice(_widest(gaps, domains), MAX_LISTED)
    ]
    if tried == MAX_KINDS:
        findings.append(
            f"only the first {MAX_KINDS} kinds of leads were tried; name fewer values in the rules"
        )
    return findings


def _find_domains(rules: RoutingRules, team: Team) -> Domains:
    """Return the values of each fact that rules use: unknown (None), any other, and all named ones."""
    domains: Domains = {}
    for name in sorted(rules.used_facts()):
        values = {fold_value(name, value) for rule in rules.rules for value in rule.when.get(name, [])}
        if name in PROFILE_LISTS:
            values |= {value for rep in team for value in rep.covers[name]}
        if name in rules.derive:
            values |= {fold_value(name, value) for value in rules.derive[name].values}
        domains[name] = [None, OTHER, *sorted(values)]
    return domains


def _pool(rule: RoutingRule, facts: Facts, team: Team) -> list[Rep]:
    return [
        rep
        for rep in team
        if not rep.fault
        and not rep.excluded
        and (rule.reps is None or rep.rep_id in rule.reps)
        and all(not rep.covers[name].isdisjoint(list_forms(name, facts[name])) for name in rule.same)
    ]


def _find_leavers(rules: RoutingRules, team: Team) -> list[str]:
    named = [(f"rule {rule.name!r}", rep_id) for rule in rules.rules for rep_id in rule.reps or []]
    named += [("weights", rep_id) for rep_id in rules.weights]
    return [
        f"{where} names {rep_id}, who is not in the CRM (any more)"
        for where, rep_id in named
        if team.find(rep_id) is None
    ]


def _find_faults(team: Team) -> list[str]:
    return [f"{rep.rep_id} gets no leads, fault in the CRM profile: {rep.fault}" for rep in team if rep.fault]


def _find_people(rules: RoutingRules, team: Team) -> Iterator[str]:
    """Yield what is wrong with the people of reps.yaml and those without an entry there."""
    if rules.people is None:
        return
    named = {rep_id for rule in rules.rules for rep_id in rule.reps or []} | set(rules.weights)
    reps_of: dict[str, list[str]] = {}
    shared: dict[str, list[str]] = {}
    for rep in team:
        for key in rep.entries:
            reps_of.setdefault(key, []).append(rep.rep_id)
        if rep.excluded == SHARED_ENTRY:
            shared.setdefault(rep.entries[0], []).append(rep.rep_id)
        if rep.excluded == NO_PROFILE:
            yield f"{rep.rep_id} has no profile and gets no leads: give them an entry in reps.yaml"
        if rep.excluded == INACTIVE and (rep.entries or rep.rep_id in named):
            where = f"reps.yaml has an entry {rep.entries[0]}" if rep.entries else "the rules name them"
            yield f"{rep.rep_id} is inactive in the CRM, but {where}"
        if len(rep.entries) > 1:
            yield f"reps.yaml has two entries for {rep.rep_id}: {rep.entries[0]} counts, not {rep.entries[1]}"
    for key in rules.people.reps:
        if key not in reps_of:
            yield f"reps.yaml: the entry {key} fits nobody in the CRM"
        elif key in shared:
            yield (
                f"reps.yaml: the entry {key} fits several users of the CRM, none of whom gets leads:"
                f" {', '.join(shared[key])}; give each an entry by id"
            )
        elif len(reps_of[key]) > 1:
            yield f"reps.yaml: the entry {key} fits several users of the CRM: {', '.join(reps_of[key])}"


def _why_unreached(rule: RoutingRule, rules: RoutingRules, team: Team) -> str:
    """Return why no lead reaches the rule."""
    if rule.reps is not None and not any(team.find(rep_id) for rep_id in rule.reps):
        return "nobody it names is in the CRM, so it never applies"
    before = rules.rules[: rules.rules.index(rule)]
    if any(earlier.if_nobody == "wait" for earlier in before):
        return "no lead reaches it: earlier rules with if_nobody: wait keep all leads, or nobody fits it"
    return "nobody fits it, whatever the lead"


def _widest(gaps: list[Values], domains: Domains) -> Iterator[Values]:
    """Yield the gaps, each as general as possible: ANY replaces a fact whose value makes no difference."""
    known = set(gaps)
    found: list[Values] = []
    for gap in gaps:
        if any(all(one in (ANY, value) for one, value in zip(wide, gap, strict=True)) for wide in found):
            continue
        for place in range(len(gap)):
            wider = (*gap[:place], ANY, *gap[place + 1 :])
            choices = [
                domain if value == ANY else [value]
                for value, domain in zip(wider, domains.values(), strict=True)
            ]
            if known.issuperset(product(*choices)):
                gap = wider  # noqa: PLW2901 - it grows wider place by place
        found.append(gap)
        yield gap


def _describe(gap: Values, domains: Domains) -> str:
    parts = [
        f"{name} unknown" if value is None else f"{name} {value}"
        for name, value in zip(domains, gap, strict=True)
        if value != ANY
    ]
    return ", ".join(parts) or "whatever facts"
