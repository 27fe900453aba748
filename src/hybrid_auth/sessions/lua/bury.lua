-- Revoke (SESSION_PROTOCOL 5b): nobody who read before may write after.
-- KEYS  session record, tickets, tombstone    ARGV  tombstone life in ms
redis.call('DEL', KEYS[1])
redis.call('DEL', KEYS[2])
redis.call('SET', KEYS[3], 'revoked', 'PX', ARGV[1])
return 1
