-- name: has_points
select exists(select from scoring.scores where fit <> 0 or behaviour <> 0 or model <> 0);
