-- Marks that something was revoked in a slot: whoever knows of the mark will notice if Redis comes back without it.
-- KEYS[1]: the epoch (hash). ARGV: the channel, the number of the slot. Answers {id, marks}.
local marks = redis.call('HINCRBY', KEYS[1], 'marks', 1)
local id = redis.call('HGET', KEYS[1], 'id') or ''
redis.call('PUBLISH', ARGV[1], '\0!mark ' .. ARGV[2] .. ' ' .. marks .. ' ' .. id)
return { id, tostring(marks) }
