// Output channels, walks through maps that change meanwhile, and what an LRU map throws out.
#include "steps.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(map_flags, BPF_F_RB_OVERWRITE);
	__uint(max_entries, 4096);
} overwritten SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(map_flags, BPF_F_ZERO_SEED);
	__uint(max_entries, 16);
	__type(value, __u32);
} bloom SEC(".maps");

HASH(ready, BPF_MAP_TYPE_HASH, BPF_F_ZERO_SEED, 16, __u32, __u64);
HASH(lazy, BPF_MAP_TYPE_HASH, BPF_F_ZERO_SEED | BPF_F_NO_PREALLOC, 16, __u32, __u64);
HASH(crowded, BPF_MAP_TYPE_HASH, BPF_F_ZERO_SEED | BPF_F_NO_PREALLOC, 16, __u32, __u64);
HASH(recent, BPF_MAP_TYPE_LRU_HASH, BPF_F_ZERO_SEED, 4, __u32, __u64);
HASH(recent_each, BPF_MAP_TYPE_LRU_HASH, BPF_F_ZERO_SEED | BPF_F_NO_COMMON_LRU, 8, __u32, __u64);
HASH(recent_percpu, BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_F_ZERO_SEED, 6, __u32, __u64);
HASH(growing, BPF_MAP_TYPE_RHASH, BPF_F_NO_PREALLOC, 16, __u64, __u64);

SEC("tc") int perf_output(struct __sk_buff *skb)
{
	__u64 sample[2] = { 1, 2 };
	BEGIN;

	REC(bpf_perf_event_output(skb, &events, 0, sample, 16));
	REC(bpf_perf_event_output(skb, &events, 0xffffffff, sample, 16));
	REC(bpf_perf_event_output(skb, &events, 2, sample, 16));
	REC(bpf_perf_event_output(skb, &events, 1ULL << 52, sample, 16));
	REC(bpf_perf_event_output(skb, &events, 10ULL << 32, sample, 8));
	REC(bpf_perf_event_output(skb, &events, 4000ULL << 32, sample, 8));
	DONE;
}

SEC("tc") int ring_overwrite(struct __sk_buff *skb)
{
	char bytes[100] = "record";
	void *open, *more;
	BEGIN;

	REC(bpf_ringbuf_query(&overwritten, BPF_RB_OVERWRITE_POS));
	for (int i = 0; i < 50; i++)
		out[20] += bpf_ringbuf_output(&overwritten, bytes, 100, 0);
	REC(bpf_ringbuf_query(&overwritten, BPF_RB_OVERWRITE_POS));
	REC(bpf_ringbuf_query(&overwritten, BPF_RB_PROD_POS));
	REC(bpf_ringbuf_query(&overwritten, BPF_RB_AVAIL_DATA));
	open = bpf_ringbuf_reserve(&overwritten, 1000, 0);
	REC(open != NULL);
	more = bpf_ringbuf_reserve(&overwritten, 3500, 0);
	REC(more != NULL);
	if (more)
		bpf_ringbuf_discard(more, 0);
	if (open)
		bpf_ringbuf_submit(open, 0);
	more = bpf_ringbuf_reserve(&overwritten, 3500, 0);
	REC(more != NULL);
	if (more)
		bpf_ringbuf_discard(more, 0);
	REC(bpf_ringbuf_query(&overwritten, BPF_RB_OVERWRITE_POS));
	REC(bpf_ringbuf_query(&overwritten, BPF_RB_PROD_POS));
	REC(bpf_ringbuf_query(&overwritten, BPF_RB_AVAIL_DATA));
	DONE;
}

SEC("tc") int bloom_without_seed(struct __sk_buff *skb)
{
	__u32 value, hits = 0;
	BEGIN;

	EACH(value, 0, 40)
		bpf_map_push_elem(&bloom, &value, BPF_ANY);
	EACH(value, 40, 200)
		hits = hits * 3 + (bpf_map_peek_elem(&bloom, &value) == 0);
	REC(hits);
	DONE;
}

// Global, so that the verifier does not follow each number that it may hold.
struct {
	__u64 visited;
	__u64 order;
	__u64 done;
} course;

static long delete_the_others(void *map, __u32 *key, __u64 *value, void *context)
{
	__u32 other, own = *key;

	course.order = course.order * 37 + own;
	course.visited++;
	EACH(other, 0, 12)
		if (other != own)
			course.done += bpf_map_delete_elem(map, &other) == 0;
	return course.visited > 20;
}

static long delete_all(void *map, __u32 *key, __u64 *value, void *context)
{
	__u32 other, own = *key;

	course.order = course.order * 37 + own;
	course.visited++;
	EACH(other, 0, 12)
		course.done += bpf_map_delete_elem(map, &other) == 0;
	course.order += *key + *value;
	return course.visited > 20;
}

static long replace(void *map, __u32 *key, __u64 *value, void *context)
{
	__u64 doubled = *value * 2;
	__u32 own = *key;

	course.order = course.order * 37 + own;
	course.visited++;
	course.done += bpf_map_update_elem(map, &own, &doubled, BPF_EXIST) == 0;
	return course.visited > 40;
}

static long add(void *map, __u32 *key, __u64 *value, void *context)
{
	__u64 number = course.visited;
	__u32 own = *key + 100;

	course.order = course.order * 37 + *key;
	course.visited++;
	course.done += bpf_map_update_elem(map, &own, &number, BPF_NOEXIST) == 0;
	return course.visited > 40;
}

#define COURSE(map, callback)                                                                                          \
	__u32 key;                                                                                                     \
	BEGIN;                                                                                                         \
	EACH(key, 0, 12) {                                                                                             \
		__u64 value = 1000 + key;                                                                              \
		REC(bpf_map_update_elem(&map, &key, &value, BPF_ANY));                                                 \
	}                                                                                                              \
	REC(bpf_for_each_map_elem(&map, callback, NULL, 0));                                                        \
	REC(course.visited);                                                                                           \
	REC(course.order);                                                                                             \
	REC(course.done);                                                                                              \
	course.order = 0;                                                                                              \
	REC(bpf_for_each_map_elem(&map, callback, NULL, 0));                                                        \
	REC(course.visited);                                                                                           \
	REC(course.order);                                                                                             \
	DONE

SEC("tc") int others_deleted(struct __sk_buff *skb)
{
	COURSE(ready, delete_the_others);
}

SEC("tc") int others_deleted_lazy(struct __sk_buff *skb)
{
	COURSE(lazy, delete_the_others);
}

SEC("tc") int all_deleted(struct __sk_buff *skb)
{
	COURSE(ready, delete_all);
}

SEC("tc") int replaced_on_the_way(struct __sk_buff *skb)
{
	COURSE(ready, replace);
}

SEC("tc") int added_on_the_way(struct __sk_buff *skb)
{
	COURSE(crowded, add);
}

SEC("tc") int lru_deleted_on_the_way(struct __sk_buff *skb)
{
	COURSE(recent_each, delete_the_others);
}

static __always_inline __u64 present(void *map)
{
	__u64 found = 0;
	__u32 key;

	EACH(key, 0, 24)
		found = found * 2 + (bpf_map_lookup_elem(map, &key) != NULL);
	return found;
}

#define EVICTIONS(map)                                                                                                 \
	__u32 key, hot;                                                                                                \
	__u64 value = 7;                                                                                               \
	BEGIN;                                                                                                         \
	EACH(key, 0, 3)                                                                                                \
		REC(bpf_map_update_elem(&map, &key, &value, BPF_ANY));                                                 \
	EACH(key, 3, 20) {                                                                                             \
		EACH(hot, 0, 2)                                                                                        \
			out[30] += bpf_map_lookup_elem(&map, &hot) != NULL;                                            \
		out[31] += bpf_map_update_elem(&map, &key, &value, BPF_ANY);                                           \
	}                                                                                                              \
	REC(present(&map));                                                                                            \
	REC(bpf_map_update_elem(&map, &key, &value, BPF_EXIST));                                                       \
	REC(present(&map));                                                                                            \
	EACH(key, 4, 9)                                                                                                \
		REC(bpf_map_update_elem(&map, &key, &value, BPF_NOEXIST));                                             \
	REC(present(&map));                                                                                            \
	DONE

SEC("tc") int lru_evictions(struct __sk_buff *skb)
{
	EVICTIONS(recent);
}

SEC("tc") int lru_evictions_each(struct __sk_buff *skb)
{
	EVICTIONS(recent_each);
}

SEC("tc") int lru_evictions_percpu(struct __sk_buff *skb)
{
	EVICTIONS(recent_percpu);
}

static long sum(void *map, __u64 *key, __u64 *value, void *context)
{
	course.visited++;
	course.order += *key * 1000 + *value;
	course.done += bpf_map_update_elem(map, key, value, BPF_EXIST) == 0;
	return 0;
}

SEC("tc") int rhash_walk(struct __sk_buff *skb)
{
	__u64 key, value;
	BEGIN;

	EACH(key, 0, 14) {
		value = key * key;
		REC(bpf_map_update_elem(&growing, &key, &value, BPF_NOEXIST));
	}
	REC(bpf_for_each_map_elem(&growing, sum, NULL, 0));
	REC(course.visited);
	REC(course.order);
	REC(course.done);
	REC(bpf_for_each_map_elem(&growing, sum, NULL, 2));
	DONE;
}
