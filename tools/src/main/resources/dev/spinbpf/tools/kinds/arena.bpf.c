#include "kinds.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4);
} memory SEC(".maps");

void __attribute__((address_space(1))) *bpf_arena_alloc_pages(void *map, void __attribute__((address_space(1))) *address,
							      __u32 pages, int node, __u64 flags) __ksym;
void bpf_arena_free_pages(void *map, void __attribute__((address_space(1))) *address, __u32 pages) __ksym;

SEC("syscall")
int refused(void *context)
{
	__u64 page = 0;
	asm volatile("%0 = addr_space_cast(%0, 0, 1)" : "+r"(page));
	return page != 0;
}

SEC("syscall")
int mended(void *context)
{
	void __attribute__((address_space(1))) *page = bpf_arena_alloc_pages(&memory, NULL, 1, -1, 0);
	if (!page)
		return 1;
	bpf_arena_free_pages(&memory, page, 1);
	return 0;
}
