-- name: notify
notify leadops_outbox;
