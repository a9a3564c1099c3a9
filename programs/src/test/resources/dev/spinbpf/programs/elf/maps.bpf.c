/* Every attribute of a map, initial elements, inner maps. */
#include "common.h"

struct value {
	u64 count;
	char name[8];
};

struct {
	__uint(type, 1);
	__uint(max_entries, 10);
	__type(key, u32);
	__type(value, struct value);
	__uint(map_flags, 1);
	__uint(pinning, 1);
} typed SEC(".maps");

struct {
	__uint(type, 2);
	__uint(max_entries, 3);
	__uint(key_size, 4);
	__uint(value_size, 24);
	__uint(map_flags, 4);
	__uint(numa_node, 1);
} sized SEC(".maps");

struct {
	__uint(type, 27);
	__uint(max_entries, 5000);
} ring SEC(".maps");

struct {
	__uint(type, 30);
	__uint(max_entries, 100);
	__type(value, u64);
	__uint(map_extra, 5);
} bloom SEC(".maps");

struct {
	__uint(type, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
} events SEC(".maps");

struct {
	__uint(type, 33);
	__uint(map_flags, 1024);
	__uint(max_entries, 16);
	__ulong(map_extra, 1ull << 44);
} arena SEC(".maps");

struct inner {
	__uint(type, 2);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u64);
} first SEC(".maps"), second SEC(".maps");

struct {
	__uint(type, 12);
	__uint(max_entries, 4);
	__type(key, u32);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = { [0] = &first, [2] = &second },
};

int entry(void *ctx);
int second_entry(void *ctx);

struct {
	__uint(type, 3);
	__uint(max_entries, 3);
	__uint(key_size, 4);
	__array(values, int(void *));
} jumps SEC(".maps") = {
	.values = { [1] = (void *)&second_entry },
};

SEC("tc") int entry(void *ctx)
{
	u32 key = 1;
	struct value *v = bpf_map_lookup_elem(&typed, &key);

	bpf_tail_call(ctx, &jumps, 1);
	return v ? v->count : 0;
}

SEC("tc") int second_entry(void *ctx)
{
	u32 key = 2;
	void *map = bpf_map_lookup_elem(&outer, &key);

	return map ? 1 : 0;
}

char _license[] SEC("license") = "GPL";
