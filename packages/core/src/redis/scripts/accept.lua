-- Trusts a slot as it is from now on.
-- ARGV: the id of the epoch that is accepted, the channel.
if epochId == ARGV[1] and redis.call('HDEL', epoch, 'lostAt') == 1 then
  redis.call('PUBLISH', ARGV[2], '\0!accept')
end
return 0
