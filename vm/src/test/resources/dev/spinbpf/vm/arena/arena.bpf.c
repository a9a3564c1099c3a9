// Programs that may sleep free pages of an arena at once; a lock of the program's own in an arena keeps CPUs apart.
#include "../linux/kernel.h"

#define __arena __attribute__((address_space(1)))
#define ALLOC(address, count) bpf_arena_alloc_pages(&arena, address, count, -1, 0)

struct {
	__uint(type, 33);
	__uint(map_flags, 1024);
	__uint(max_entries, 4);
} arena SEC(".maps");

void __arena *bpf_arena_alloc_pages(void *map, void __arena *address, __u32 count, int node, __u64 flags) __ksym;
void bpf_arena_free_pages(void *map, void __arena *address, __u32 count) __ksym;
void bpf_preempt_disable(void) __ksym;
void bpf_preempt_enable(void) __ksym;

int __arena lock;
long __arena total;
long __arena missed;

SEC("syscall") int frees_at_once(void *ctx)
{
	volatile int __arena *page = ALLOC(0, 1);
	if (!page)
		return -1;
	*page = 5;
	bpf_arena_free_pages(&arena, (void __arena *)page, 1);
	return *page + 1;
}

SEC("syscall") int frees_later(void *ctx)
{
	volatile int __arena *page = ALLOC(0, 1);
	if (!page)
		return -1;
	*page = 5;
	bpf_preempt_disable();
	bpf_arena_free_pages(&arena, (void __arena *)page, 1);
	bpf_preempt_enable();
	return *page + 1;
}

SEC("tc") int counts(struct __sk_buff *skb)
{
	for (int i = 0; i < 500; i++) {
		if (__sync_lock_test_and_set(&lock, 1))
			continue;
		total++;
		__sync_lock_test_and_set(&lock, 0);
		return 0;
	}
	__sync_fetch_and_add(&missed, 1);
	return 0;
}

SEC("tc") int stray(struct __sk_buff *skb)
{
	volatile long __arena *beyond = &total + 4096;
	*beyond = 1;
	return *beyond;
}


