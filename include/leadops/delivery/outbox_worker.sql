-- name: listen
listen leadops_outbox;
