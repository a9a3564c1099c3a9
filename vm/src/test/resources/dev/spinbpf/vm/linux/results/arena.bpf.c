// Pages of an arena that lies where the loader likes: allocation, reservation, freeing, variables, and accesses to pages
// that are there and to others. Programs that may not sleep free their pages after they end.
#include "../kernel.h"

#define __arena __attribute__((address_space(1)))
#define TC(name) SEC("tc") int name(struct __sk_buff *skb)

struct {
	__uint(type, 33);
	__uint(map_flags, 1024);
	__uint(max_entries, 10);
} arena SEC(".maps");

void __arena *bpf_arena_alloc_pages(void *map, void __arena *address, __u32 count, int node, __u64 flags) __ksym;
void bpf_arena_free_pages(void *map, void __arena *address, __u32 count) __ksym;
int bpf_arena_reserve_pages(void *map, void __arena *address, __u32 count) __ksym;

typedef volatile int __arena *P;
#define ALLOC(address, count) bpf_arena_alloc_pages(&arena, address, count, -1, 0)
#define FREE(address, count) bpf_arena_free_pages(&arena, (void __arena *)(address), count)
#define RESERVE(address, count) bpf_arena_reserve_pages(&arena, (void __arena *)(address), count)

int __arena word = 7; long __arena total;

TC(load_unalloc)
{
	P p = ALLOC(0, 1);
	if (!p)
		return 99;
	FREE(p,1);
	return *p + 3;
}

TC(store_unalloc)
{
	P p = ALLOC(0, 1);
	if (!p)
		return 99;
	FREE(p,1);
	*p = 5;
	return *p + 3;
}

TC(add_unalloc)
{
	P p = ALLOC(0, 1);
	if (!p)
		return 99;
	FREE(p,1);
	int x = __sync_fetch_and_add(p, 5);
	return x;
}

TC(xchg_unalloc)
{
	P p = ALLOC(0, 1);
	if (!p)
		return 99;
	FREE(p,1);
	int x = __sync_lock_test_and_set(p, 5);
	return x;
}

TC(cas_unalloc)
{
	P p = ALLOC(0, 1);
	if (!p)
		return 99;
	FREE(p,1);
	int x = __sync_val_compare_and_swap(p, 9, 5);
	return x;
}

TC(sx_unalloc)
{
	P p = ALLOC(0, 1);
	if (!p)
		return 99;
	FREE(p,1);
	return (int)*(volatile signed char __arena *)p;
}

TC(globals)
{
	word++;
	total += word;
	return (int)total;
}

TC(exhaust)
{
	int i, n = 0;
	for (i = 0; i < 20; i++)
		if (ALLOC(0, 1))
			n++;
	return n;
}

TC(alloc_many)
{
	int r = 0;
	if (ALLOC(0, 11))
		r |= 1;
	if (ALLOC(0, 0))
		r |= 2;
	if (bpf_arena_alloc_pages(&arena, 0, 1, 5, 0))
		r |= 4;
	if (bpf_arena_alloc_pages(&arena, 0, 1, -1, 1))
		r |= 8;
	if (ALLOC(0, 9))
		r |= 16;
	if (bpf_arena_alloc_pages(&arena, 0, 1, 0, 0))
		r |= 32;
	if (bpf_arena_alloc_pages(&arena, 0, 1, -2, 0))
		r |= 64;
	return r;
}

char __arena big[8192];

TC(reserve)
{
	void __arena *b = ALLOC(0, 3);
	long r = 0;
	if (!b)
		return -99;
	r = RESERVE(b, 1);
	int a1 = r;
	FREE(b, 3);
	int a2 = RESERVE(b, 2);
	int a3 = RESERVE(b, 1);
	int a4 = RESERVE(b, 0);
	int a5 = RESERVE(b, 100);
	int a6 = RESERVE(b+1, 1);
	int a7 = ALLOC(b, 1) != 0;
	FREE(b, 1);
	int a8 = ALLOC(b, 1) == b;
	*(P)b = 4;
	int a9 = *(P)(b+4096);
	return (a1 == -16) | (a2 == 0) << 1 | (a3 == -16) << 2 | (a4 == 0) << 3 | (a5 == -22) << 4 | (a6 == 0) << 5 | (a6 == -22) << 6| a7 << 7 | a8 << 8 | (*(P)b == 4) << 9 | (a9 == 0) << 10;
}

TC(reserve_codes)
{
	void __arena *b = ALLOC(0, 3);
	if (!b)
		return -99;
	return RESERVE(b + 1, 1) * 1000 + RESERVE(b, 1);
}

TC(fixed)
{
	void __arena *b = ALLOC(0, 3);
	if (!b)
		return -99;
	int r = 0;
	if (ALLOC(b, 1))
		r |= 1;
	if (ALLOC(b + 3*4096, 1) == b + 3*4096)
		r |= 2;
	if (ALLOC(b + 4*4096 + 1, 1))
		r |= 4;
	if (ALLOC(b + 100*4096, 1))
		r |= 8;
	FREE(b+4096, 1);
	if (ALLOC(0, 1) == b + 4096)
		r |= 16;
	return r;
}

TC(order)
{
	void __arena *b = ALLOC(0, 1);
	void __arena *d = ALLOC(0, 1);
	return (int)((long)d - (long)b);
}

TC(best)
{
	void __arena *b = ALLOC(0, 6);
	if (!b)
		return -99;
	FREE(b, 3);
	FREE(b + 4*4096, 1);
	return (int)((long)ALLOC(0, 1) - (long)b);
}

TC(zeroed)
{
	P p = ALLOC(0, 1);
	if (!p)
		return 99;
	p[3] = 44;
	FREE(p,1);
	P q = ALLOC((void __arena *)p, 1);
	if (!q)
		return 98;
	return (q == p) * 1000 + q[3];
}

TC(cross)
{
	P p = ALLOC(0, 1);
	if (!p)
		return 99;
	volatile char __arena *q = (volatile char __arena *)p + 4094;
	q[0] = 1;
	q[1] = 1;
	__u64 v = *(volatile __u32 __arena *)q;
	return v;
}

TC(far)
{
	P p = (P)&word;
	(void)&arena;
	return p[1 << 20] + p[-(1 << 20)] + 1;
}

TC(freepart)
{
	P p = ALLOC(0, 2);
	if (!p)
		return 99;
	p[0] = 3;
	p[1024] = 4;
	FREE(p + 5, 1);
	return p[0] * 10 + p[1024];
}
