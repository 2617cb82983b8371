-- Whether a file is an older one than the rules in effect, which others still use, and was not put back on purpose.
select
    exists (select from scoring.rule_sets where hash = %(hash)s)
    and exists (
        select from scoring.rule_files
        where hash = %(latest)s and source <> %(source)s and seen_at > %(used_since)s
    )
    and not exists (
        select from scoring.rule_files
        where source = %(source)s and hash = %(latest)s
    )
