// Longest-prefix-match tries, queues, stacks and bloom filters.
#include "kernel.h"

struct v4 {
	__u32 prefixlen;
	__u8 address[4];
};
struct v6 {
	__u32 prefixlen;
	__u8 address[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 6);
	__type(key, struct v4);
	__type(value, __u32);
} routes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 8);
	__type(key, struct v6);
	__type(value, __u64);
} routes6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 3);
	__type(value, __u32);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 3);
	__type(value, __u64);
} stack SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 1000);
	__uint(map_extra, 4);
	__type(value, __u32);
} bloom SEC(".maps");

static __always_inline long add(__u32 length, __u8 a, __u8 b, __u8 c, __u8 d, __u32 value, __u64 flags)
{
	struct v4 key = { length, { a, b, c, d } };

	return bpf_map_update_elem(&routes, &key, &value, flags);
}

static __always_inline long find(__u32 length, __u8 a, __u8 b, __u8 c, __u8 d)
{
	struct v4 key = { length, { a, b, c, d } };
	__u32 *found = bpf_map_lookup_elem(&routes, &key);

	return found ? *found : -1;
}

static __always_inline long drop(__u32 length, __u8 a, __u8 b, __u8 c, __u8 d)
{
	struct v4 key = { length, { a, b, c, d } };

	return bpf_map_delete_elem(&routes, &key);
}

SEC("tc") int trie_matches(struct __sk_buff *skb)
{
	BEGIN;

	REC(find(32, 10, 0, 0, 1));
	REC(add(8, 10, 0, 0, 0, 8, BPF_ANY));
	REC(add(16, 10, 1, 0, 0, 16, BPF_ANY));
	REC(add(24, 10, 1, 2, 0, 24, BPF_ANY));
	REC(add(32, 10, 1, 2, 3, 32, BPF_ANY));
	REC(find(32, 10, 1, 2, 3));
	REC(find(32, 10, 1, 2, 4));
	REC(find(32, 10, 1, 9, 9));
	REC(find(32, 10, 200, 0, 0));
	REC(find(32, 11, 0, 0, 0));
	REC(find(20, 10, 1, 2, 3));
	REC(find(8, 10, 1, 2, 3));
	REC(find(7, 10, 1, 2, 3));
	REC(add(0, 0, 0, 0, 0, 1, BPF_NOEXIST));
	REC(find(32, 11, 0, 0, 0));
	REC(find(0, 1, 2, 3, 4));
	DONE;
}

SEC("tc") int trie_errors(struct __sk_buff *skb)
{
	BEGIN;

	REC(add(33, 1, 2, 3, 4, 1, BPF_ANY));
	REC(find(33, 1, 2, 3, 4));
	REC(drop(33, 1, 2, 3, 4));
	REC(add(8, 1, 0, 0, 0, 1, BPF_EXIST));
	REC(add(8, 1, 0, 0, 0, 1, BPF_NOEXIST));
	REC(add(8, 1, 9, 9, 9, 2, BPF_NOEXIST));
	REC(add(8, 1, 9, 9, 9, 2, BPF_EXIST));
	REC(add(8, 1, 0, 0, 0, 1, 3));
	REC(add(8, 1, 0, 0, 0, 1, BPF_F_LOCK));
	for (int i = 2; i < 8; i++)
		REC(add(16, i, i, 0, 0, i, BPF_ANY));
	REC(add(16, 2, 2, 0, 0, 22, BPF_ANY));
	REC(drop(16, 2, 2, 0, 0));
	REC(drop(16, 2, 2, 0, 0));
	REC(drop(12, 3, 3, 0, 0));
	REC(add(32, 9, 9, 9, 9, 9, BPF_ANY));
	DONE;
}

SEC("tc") int trie_delete_inner(struct __sk_buff *skb)
{
	BEGIN;

	REC(add(24, 192, 168, 0, 0, 1, BPF_ANY));
	REC(add(24, 192, 168, 1, 0, 2, BPF_ANY));
	REC(find(32, 192, 168, 0, 7));
	REC(add(23, 192, 168, 0, 0, 3, BPF_ANY));
	REC(drop(24, 192, 168, 0, 0));
	REC(find(32, 192, 168, 0, 7));
	REC(drop(23, 192, 168, 0, 0));
	REC(find(32, 192, 168, 0, 7));
	REC(find(32, 192, 168, 1, 7));
	REC(add(25, 192, 168, 1, 128, 4, BPF_ANY));
	REC(find(32, 192, 168, 1, 200));
	REC(drop(24, 192, 168, 1, 0));
	REC(find(32, 192, 168, 1, 7));
	REC(find(32, 192, 168, 1, 200));
	DONE;
}

SEC("tc") int trie_long_keys(struct __sk_buff *skb)
{
	struct v6 key = { .prefixlen = 128, .address = { 0x20, 1, 0xd, 0xb8 } };
	__u64 value = 128, *found;
	BEGIN;

	key.address[15] = 1;
	REC(bpf_map_update_elem(&routes6, &key, &value, BPF_ANY));
	for (__u32 length = 16; length < 128; length += 37) {
		value = key.prefixlen = length;
		REC(bpf_map_update_elem(&routes6, &key, &value, BPF_NOEXIST));
	}
	key.prefixlen = 128;
	found = bpf_map_lookup_elem(&routes6, &key);
	REC(found ? *found : -1);
	key.address[15] = 2;
	found = bpf_map_lookup_elem(&routes6, &key);
	REC(found ? *found : -1);
	key.address[7] = 1;
	found = bpf_map_lookup_elem(&routes6, &key);
	REC(found ? *found : -1);
	key.prefixlen = 53;
	REC(bpf_map_delete_elem(&routes6, &key));
	key.address[7] = 0;
	REC(bpf_map_delete_elem(&routes6, &key));
	DONE;
}

SEC("tc") int queue_order(struct __sk_buff *skb)
{
	__u32 value = 0, got = 99;
	BEGIN;

	REC(bpf_map_pop_elem(&queue, &got));
	REC(got);
	got = 98;
	REC(bpf_map_peek_elem(&queue, &got));
	REC(got);
	EACH(value, 1, 5)
		REC(bpf_map_push_elem(&queue, &value, BPF_ANY));
	REC(bpf_map_push_elem(&queue, &value, BPF_EXIST));
	REC(bpf_map_push_elem(&queue, &value, BPF_NOEXIST));
	REC(bpf_map_push_elem(&queue, &value, 3));
	REC(bpf_map_push_elem(&queue, &value, 4));
	REC(bpf_map_peek_elem(&queue, &got));
	REC(got);
	REC(bpf_map_pop_elem(&queue, &got));
	REC(got);
	value = 70;
	REC(bpf_map_push_elem(&queue, &value, BPF_ANY));
	DONE;
}

SEC("tc") int stack_order(struct __sk_buff *skb)
{
	__u64 value = 0, got = 99;
	BEGIN;

	REC(bpf_map_pop_elem(&stack, &got));
	REC(got);
	EACH(value, 1, 5)
		REC(bpf_map_push_elem(&stack, &value, BPF_ANY));
	REC(bpf_map_push_elem(&stack, &value, BPF_EXIST));
	REC(bpf_map_push_elem(&stack, &value, BPF_NOEXIST));
	REC(bpf_map_peek_elem(&stack, &got));
	REC(got);
	REC(bpf_map_pop_elem(&stack, &got));
	REC(got);
	REC(bpf_map_pop_elem(&stack, &got));
	REC(got);
	value = 70;
	REC(bpf_map_push_elem(&stack, &value, BPF_ANY));
	DONE;
}

SEC("tc") int bloom_members(struct __sk_buff *skb)
{
	__u32 value;
	BEGIN;

	EACH(value, 100, 108)
		REC(bpf_map_push_elem(&bloom, &value, BPF_ANY));
	value = 103;
	REC(bpf_map_peek_elem(&bloom, &value));
	value = 7;
	REC(bpf_map_peek_elem(&bloom, &value));
	REC(bpf_map_push_elem(&bloom, &value, BPF_NOEXIST));
	REC(bpf_map_push_elem(&bloom, &value, BPF_EXIST));
	DONE;
}
