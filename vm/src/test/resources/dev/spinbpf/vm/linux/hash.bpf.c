// Hash maps: flags, limits, errors, iteration; per-CPU and LRU ones.
#include "steps.h"

struct big_key {
	__u64 words[5];
};
struct locked {
	struct bpf_spin_lock lock;
	__u32 count;
	__u64 sum;
};

HASH(plain, BPF_MAP_TYPE_HASH, 0, 8, __u32, __u64);
HASH(lazy, BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC, 4, __u32, __u64);
HASH(seedless, BPF_MAP_TYPE_HASH, BPF_F_ZERO_SEED, 16, __u32, __u64);
HASH(wide, BPF_MAP_TYPE_HASH, BPF_F_ZERO_SEED, 16, struct big_key, __u8);
HASH(guarded, BPF_MAP_TYPE_HASH, 0, 4, __u32, struct locked);
HASH(percpu, BPF_MAP_TYPE_PERCPU_HASH, 0, 4, __u32, __u32);
HASH(lazy_percpu, BPF_MAP_TYPE_PERCPU_HASH, BPF_F_NO_PREALLOC, 4, __u32, __u64);
HASH(lru, BPF_MAP_TYPE_LRU_HASH, 0, 16, __u32, __u64);
HASH(lru_split, BPF_MAP_TYPE_LRU_HASH, BPF_F_NO_COMMON_LRU, 16, __u32, __u64);
HASH(lru_percpu, BPF_MAP_TYPE_LRU_PERCPU_HASH, 0, 8, __u32, __u64);
HASH(byte, BPF_MAP_TYPE_HASH, 0, 3, __u8, __u8);

SEC("tc") int hash_flags(struct __sk_buff *skb)
{
	FLAG_STEPS(plain);
}

SEC("tc") int hash_lazy_flags(struct __sk_buff *skb)
{
	FLAG_STEPS(lazy);
}

SEC("tc") int lru_flags(struct __sk_buff *skb)
{
	FLAG_STEPS(lru);
}

SEC("tc") int lru_percpu_flags(struct __sk_buff *skb)
{
	FLAG_STEPS(lru_percpu);
}

SEC("tc") int percpu_lazy_flags(struct __sk_buff *skb)
{
	FLAG_STEPS(lazy_percpu);
}

SEC("tc") int hash_full(struct __sk_buff *skb)
{
	FULL_STEPS(plain, 8);
}

SEC("tc") int hash_lazy_full(struct __sk_buff *skb)
{
	FULL_STEPS(lazy, 4);
}

SEC("tc") int percpu_lazy_full(struct __sk_buff *skb)
{
	FULL_STEPS(lazy_percpu, 4);
}

SEC("tc") int hash_byte_keys(struct __sk_buff *skb)
{
	__u8 key, value = 7, *found;
	BEGIN;

	EACH(key, 250, 254)
		REC(bpf_map_update_elem(&byte, &key, &value, BPF_ANY));
	key = 251;
	found = bpf_map_lookup_elem(&byte, &key);
	if (found)
		*found = 99;
	REC(found != NULL);
	DONE;
}

struct walk {
	__u64 order;
	__u32 count, stop_at;
};

static long walk_u32(void *map, __u32 *key, __u64 *value, struct walk *walk)
{
	walk->order = walk->order * 37 + *key;
	walk->order += *value;
	return ++walk->count == walk->stop_at;
}

SEC("tc") int hash_walk(struct __sk_buff *skb)
{
	struct walk all = {}, some = { .stop_at = 3 };
	__u32 key;
	BEGIN;

	EACH(key, 0, 11) {
		__u64 value = key * key;

		bpf_map_update_elem(&seedless, &key, &value, BPF_ANY);
	}
	REC(bpf_for_each_map_elem(&seedless, walk_u32, &all, 0));
	REC(all.order);
	REC(all.count);
	REC(bpf_for_each_map_elem(&seedless, walk_u32, &some, 0));
	REC(some.order);
	REC(bpf_for_each_map_elem(&seedless, walk_u32, &some, 1));
	DONE;
}

static long delete_odd(void *map, __u32 *key, __u64 *value, struct walk *walk)
{
	walk->count++;
	if (*key & 1)
		walk->stop_at += bpf_map_delete_elem(map, key) == 0;
	return 0;
}

SEC("tc") int hash_delete_while_walking(struct __sk_buff *skb)
{
	struct walk walk = {};
	__u32 key;
	BEGIN;

	EACH(key, 0, 8) {
		__u64 value = 100 + key;

		bpf_map_update_elem(&seedless, &key, &value, BPF_ANY);
	}
	REC(bpf_for_each_map_elem(&seedless, delete_odd, &walk, 0));
	REC(walk.stop_at);
	REC(walk.count);
	DONE;
}

static long walk_wide(void *map, struct big_key *key, __u8 *value, struct walk *walk)
{
	walk->order = walk->order * 41 + key->words[4];
	walk->count += *value;
	return 0;
}

SEC("tc") int hash_wide_keys(struct __sk_buff *skb)
{
	struct walk walk = {};
	struct big_key key = {};
	__u8 value, *found;
	BEGIN;

	EACH(value, 0, 9) {
		key.words[0] = value & 3;
		key.words[4] = value;
		REC(bpf_map_update_elem(&wide, &key, &value, BPF_NOEXIST));
	}
	REC(bpf_for_each_map_elem(&wide, walk_wide, &walk, 0));
	REC(walk.order);
	key.words[0] = 1;
	key.words[4] = 5;
	found = bpf_map_lookup_elem(&wide, &key);
	REC(found ? *found : -1);
	key.words[1] = 1;
	REC(bpf_map_lookup_elem(&wide, &key) != NULL);
	DONE;
}

SEC("tc") int hash_value_with_lock(struct __sk_buff *skb)
{
	struct locked value = { .count = 5, .sum = 6 }, *found;
	__u32 key = 3;
	BEGIN;

	value.lock.val = 77;
	REC(bpf_map_update_elem(&guarded, &key, &value, BPF_NOEXIST));
	found = bpf_map_lookup_elem(&guarded, &key);
	if (!found)
		return -1;
	REC(found->count);
	bpf_spin_lock(&found->lock);
	found->count++;
	found->sum += 10;
	bpf_spin_unlock(&found->lock);
	REC(found->sum);
	value.count = 50;
	REC(bpf_map_update_elem(&guarded, &key, &value, BPF_EXIST | BPF_F_LOCK));
	REC(found->count);
	value.count = 60;
	REC(bpf_map_update_elem(&guarded, &key, &value, BPF_F_LOCK));
	REC(found->count);
	key = 4;
	REC(bpf_map_update_elem(&guarded, &key, &value, BPF_EXIST | BPF_F_LOCK));
	REC(bpf_map_update_elem(&guarded, &key, &value, BPF_NOEXIST | BPF_F_LOCK));
	REC(bpf_map_update_elem(&guarded, &key, &value, BPF_NOEXIST | BPF_F_LOCK));
	key = 5;
	REC(bpf_map_update_elem(&guarded, &key, &value, BPF_F_LOCK));
	DONE;
}

SEC("tc") int percpu_hash_values(struct __sk_buff *skb)
{
	__u32 key = 9, value = 0x11223344, *found;
	BEGIN;

	REC(bpf_map_update_elem(&percpu, &key, &value, BPF_ANY));
	found = bpf_map_lookup_percpu_elem(&percpu, &key, 0);
	REC(found ? *found : -1);
	found = bpf_map_lookup_percpu_elem(&percpu, &key, 1);
	REC(found ? *found : -1);
	if (found)
		*found = 5;
	REC(bpf_map_lookup_percpu_elem(&percpu, &key, 4096) != NULL);
	found = bpf_map_lookup_elem(&percpu, &key);
	if (found)
		*found += 1;
	value = 8;
	REC(bpf_map_update_elem(&percpu, &key, &value, BPF_EXIST));
	key = 10;
	REC(bpf_map_lookup_percpu_elem(&percpu, &key, 0) != NULL);
	EACH(key, 20, 25)
		REC(bpf_map_update_elem(&percpu, &key, &value, BPF_NOEXIST));
	DONE;
}

static long sum_percpu(void *map, __u32 *key, __u32 *value, struct walk *walk)
{
	walk->order += *key * 100 + *value;
	walk->count++;
	return 0;
}

SEC("tc") int percpu_hash_walk(struct __sk_buff *skb)
{
	struct walk walk = {};
	__u32 key;
	BEGIN;

	EACH(key, 1, 4)
		bpf_map_update_elem(&percpu, &key, &key, BPF_ANY);
	REC(bpf_for_each_map_elem(&percpu, sum_percpu, &walk, 0));
	REC(walk.order);
	key = 2;
	REC(bpf_map_delete_elem(&percpu, &key));
	key = 7;
	REC(bpf_map_update_elem(&percpu, &key, &key, BPF_ANY));
	DONE;
}

SEC("tc") int lru_never_full(struct __sk_buff *skb)
{
	long failed = 0, kept = 0;
	__u64 value = 1;
	__u32 key;
	BEGIN;

	EACH(key, 0, 64)
		failed += bpf_map_update_elem(&lru_split, &key, &value, BPF_NOEXIST) != 0;
	REC(failed);
	EACH(key, 56, 64)
		kept += bpf_map_lookup_elem(&lru_split, &key) != NULL;
	REC(kept > 0);
	key = 63;
	REC(bpf_map_lookup_elem(&lru_split, &key) != NULL);
	EACH(key, 0, 64)
		bpf_map_delete_elem(&lru_split, &key);
	REC(0);
	DONE;
}
