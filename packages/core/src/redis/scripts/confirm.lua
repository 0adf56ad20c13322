-- Writes something small after what is to be confirmed: `WAIT` waits for what its own connection wrote last, and
-- whatever was committed before lies before that in the stream to the replicas.
writeAlsoWhenFull()
redis.call('HINCRBY', epoch, 'waits', 1)
return 0
