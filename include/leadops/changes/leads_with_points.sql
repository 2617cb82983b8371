-- name: has_points
select scoring.has_points();
