-- name: find_installation_id
select installation_id from delivery.installation;
