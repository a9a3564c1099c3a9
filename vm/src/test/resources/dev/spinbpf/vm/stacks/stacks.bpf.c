// Stacks of programs that are nested into others, and what the functions that collect stacks refuse.
#include "../linux/kernel.h"

static long (*get_stackid)(void *ctx, void *map, __u64 flags) = (void *)27;
static long (*get_stack)(void *ctx, void *buffer, __u32 size, __u64 flags) = (void *)67;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct {
	__uint(type, 7);
	__uint(max_entries, 64);
	__uint(key_size, 4);
	__uint(value_size, 16 * 8);
} stacks SEC(".maps");

__s64 id;
__s64 bytes;
__u64 frames[16];
__s64 results[16];

static __attribute__((noinline)) int update(__u32 key)
{
	__u64 value = key;

	return bpf_map_update_elem(&counts, &key, &value, BPF_ANY);
}

SEC("tc") int work(struct __sk_buff *skb)
{
	return update(skb->len & 7);
}

SEC("kprobe/htab_map_update_elem") int seen(void *ctx)
{
	id = get_stackid(ctx, &stacks, 0);
	bytes = get_stack(ctx, frames, sizeof(frames), 0);
	return 0;
}

SEC("raw_tp/sched_switch") int own(void *ctx)
{
	bytes = get_stack(ctx, frames, sizeof(frames), 0);
	return 0;
}

SEC("kprobe/bpf_fentry_test1") int refused(void *ctx)
{
	results[0] = get_stackid(ctx, &stacks, 1 << 11);
	results[1] = get_stackid(ctx, &stacks, 100);
	results[2] = get_stack(ctx, frames, 12, 0);
	results[3] = get_stack(ctx, frames, 64, 4);
	results[4] = get_stack(ctx, frames, 64, 1 << 11);
	results[5] = get_stack(ctx, frames, 64, 1 << 8);
	results[6] = get_stack(ctx, frames, 8, 1 << 8);
	results[7] = get_stack(ctx, frames, 64, 1 << 8 | 1 << 11);
	results[8] = get_stack(ctx, frames, 64, 1);
	results[9] = get_stack(ctx, frames, 64, 1 << 12);
	return 0;
}
