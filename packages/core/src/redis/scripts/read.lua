-- Reads records of one partition at one instant.
-- KEYS[2] on: record hashes. ARGV[4] on: pairs of (number of the hash from 1, id).
-- Answers {state of the epoch, the stored texts…}; deadlines are the reader's to judge.
local found = { stateOfEpoch() }
for at = 4, #ARGV, 2 do
  found[#found + 1] = redis.call('HGET', KEYS[tonumber(ARGV[at]) + 1], ARGV[at + 1])
end
return found
