-- Trusts a slot as it is from now on.
-- KEYS[1]: the epoch (hash). ARGV: the channel.
local id = redis.call('HGET', KEYS[1], 'id')
if id and redis.call('HDEL', KEYS[1], 'lostAt') == 1 then
  redis.call('HSET', KEYS[1], 'accepted', id)
  redis.call('PUBLISH', ARGV[1], '\0!accept')
end
return 0
