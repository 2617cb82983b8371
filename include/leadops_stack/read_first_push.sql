select min(b.settled_at)
from delivery.batches as b
where b.target = 'ma' and b.state = 'done' and b.settled_at > %(since)s
