// Pages of an arena that lies at an address of the program's choice.
#include "../kernel.h"

#define __arena __attribute__((address_space(1)))
#define TC(name) SEC("tc") int name(struct __sk_buff *skb)

struct {
	__uint(type, 33);
	__uint(map_flags, 1024);
	__uint(max_entries, 100);
	enum { map_extra_value = 1ull << 44 } map_extra;
} arena SEC(".maps");

void __arena *bpf_arena_alloc_pages(void *map, void __arena *address, __u32 count, int node, __u64 flags) __ksym;
void bpf_arena_free_pages(void *map, void __arena *address, __u32 count) __ksym;
int bpf_arena_reserve_pages(void *map, void __arena *address, __u32 count) __ksym;

typedef volatile int __arena *P;
#define ALLOC(address, count) bpf_arena_alloc_pages(&arena, address, count, -1, 0)
#define FREE(address, count) bpf_arena_free_pages(&arena, (void __arena *)(address), count)
#define RESERVE(address, count) bpf_arena_reserve_pages(&arena, (void __arena *)(address), count)

static long (*bpf_probe_read_user)(void *to, __u32 size, const void *from) = (void *)112;

#define AT(address) ((P)(address))
#define USE (void)RESERVE(0, 0)

TC(where)
{
	return (__u64)(void __arena *)ALLOC(0, 1) >> 40;
}

TC(first)
{
	return (__u32)(__u64)(void __arena *)ALLOC(0, 1) + 1;
}

TC(upper)
{
	void __arena *p = ALLOC(0, 1);
	if ((__u64)p >> 32 == 0x1000)
		return 1;
	return 2;
}

struct node { struct node __arena *next; long v; };

struct node __arena *head;

TC(list)
{
	struct node __arena *n;
	int i;
	long s = 0;
	char __arena *pg = ALLOC(0, 1);
	if (!pg)
		return -1;
	for (i = 0; i < 10; i++) {
		n = (struct node __arena *)(pg + i * 16);
		n->v = i;
		n->next = head;
		head = n;
	}
	for (n = head; n && i < 100; n = n->next, i++)
		s += n->v * 2;
	return s;
}

TC(listptr)
{
	struct node __arena *n;
	(void)&arena;
	char __arena *pg = ALLOC(0, 1);
	if (!pg)
		return -1;
	n = (struct node __arena *)pg;
	n->next = n + 1;
	return *(volatile unsigned long __arena *)n >> 32;
}

TC(nulls)
{
	struct node __arena *n;
	char __arena *pg = ALLOC(0, 1);
	if (!pg)
		return -1;
	n = (struct node __arena *)pg;
	n->next = 0;
	return *(volatile unsigned long __arena *)n + 1;
}

TC(zeropage)
{
	volatile int __arena *p;
	char __arena *pg = ALLOC(0, 1);
	if (!pg)
		return -1;
	p = 0;
	p[5] = 7;
	return p[5];
}

TC(reserve_null)
{
	return RESERVE(0, 1);
}

TC(reserve_all)
{
	int r = RESERVE(4096, 90);
	if (r)
		return r;
	return ALLOC(0, 10) ? 5 : 6;
}

TC(reserve_wrong)
{
	return RESERVE(4097, 1);
}

TC(alloc_at0)
{
	return ALLOC((void __arena *)8192, 1) ? 5 : 6;
}

TC(bigfree)
{
	volatile int __arena *p = (void __arena *)ALLOC(0, 4);
	if (!p)
		return 9;
	*p = 3;
	FREE(p, 0x7fffffff);
	return *p;
}

TC(freenull)
{
	volatile int __arena *p = (void __arena *)ALLOC(0, 4);
	if (!p)
		return 9;
	*p = 3;
	FREE(0, 1);
	return *p;
}

TC(partial)
{
	volatile int __arena *p = (void __arena *)ALLOC(0, 1);
	if (!p)
		return 9;
	return *(volatile short __arena *)((volatile char __arena *)p + 4095);
}

TC(tohelper)
{
	long __arena *p = ALLOC(0, 1);
	long v = 0;
	if (!p)
		return 9;
	*p = 77;
	return bpf_probe_read_user(&v, 8, (void *)p) + v;
}

TC(tokernel)
{
	long __arena *p = ALLOC(0, 1);
	long v = 0;
	if (!p)
		return 9;
	*p = 77;
	return bpf_probe_read_kernel(&v, 8, (void *)p) + v;
}

static __noinline int sub(int __arena *p, int k)
{
	p[k] = k;
	return p[k];
}

TC(called)
{
	int __arena *p = ALLOC(0, 1);
	if (!p)
		return 9;
	return sub(p, 3) + sub(p, 5);
}

TC(loads)
{
	volatile char __arena *p = ALLOC(0, 1);
	if (!p)
		return 9;
	p[0] = -2;
	p[1] = -1;
	return *(volatile signed char __arena *)p * 1000000 + *(volatile unsigned char __arena *)p * 1000 + *(volatile short __arena *)p;
}

TC(atom)
{
	long __arena *p = ALLOC(0, 1);
	if (!p)
		return 9;
	long a = __sync_fetch_and_add(p, 5);
	long b = __sync_val_compare_and_swap(p, 5, 8);
	long d = __sync_lock_test_and_set(p, 2);
	__sync_fetch_and_or(p, 4);
	return a + b * 10 + d * 100 + *p * 1000;
}

TC(atomint)
{
	int __arena *p = ALLOC(0, 1);
	if (!p)
		return 9;
	p[1] = 1;
	int a = __sync_fetch_and_add(p, 5);
	int b = __sync_val_compare_and_swap(p, 5, 8);
	int d = __sync_lock_test_and_set(p, 2);
	__sync_fetch_and_and(p, 3);
	return a + b * 10 + d * 100 + *p * 1000 + p[1] * 10000;
}

TC(load)
{
	USE;
	return *AT(8192) + 3;
}

TC(store)
{
	USE;
	*AT(8192) = 5;
	return *AT(8192) + 3;
}

TC(store_other)
{
	USE;
	*AT(8192) = 5;
	return *AT(4096) + 3;
}

TC(beyond)
{
	USE;
	*AT(4096*200) = 5;
	return *AT(4096*200) + *AT(4096*201) + 3;
}

TC(add)
{
	USE;
	__sync_fetch_and_add(AT(8192), 5);
	return *AT(8192);
}

TC(fetchadd)
{
	USE;
	return __sync_fetch_and_add(AT(8192), 5) + 1;
}

TC(xchg)
{
	USE;
	return __sync_lock_test_and_set(AT(8192), 5) + 1;
}

TC(cas)
{
	USE;
	return __sync_val_compare_and_swap(AT(8192), 9, 5) + 1;
}

TC(sx)
{
	USE;
	return *(volatile signed char __arena *)AT(8192) + 1;
}

TC(cross_load)
{
	P p = ALLOC((void __arena *)4096, 1);
	if (!p)
		return 99;
	p[1023] = -1;
	return *(P)((char __arena *)p + 4094) + 1;
}

TC(cross_store)
{
	P p = ALLOC((void __arena *)4096, 1);
	if (!p)
		return 99;
	*(P)((char __arena *)p + 4094) = -1;
	return p[1023];
}

TC(cross_both)
{
	P p = ALLOC((void __arena *)4096, 2);
	if (!p)
		return 99;
	*(P)((char __arena *)p + 4094) = 0x04030201;
	return p[1023] + p[1024] + *(P)((char __arena *)p + 4094);
}

TC(below)
{
	USE;
	return *(P)(-4096L) + 4;
}

TC(store_below)
{
	USE;
	*(P)(-4096L) = 4;
	return 4;
}

TC(after_alloc)
{
	USE;
	*AT(8192) = 5;
	P p = ALLOC((void __arena *)8192, 1);
	if (!p)
		return 99;
	return *AT(8192) + 7;
}

TC(reserved)
{
	RESERVE(8192, 1);
	*AT(8192) = 5;
	return *AT(8192) + 7;
}

TC(free_then_end)
{
	P p = ALLOC((void __arena *)8192, 1);
	if (!p)
		return 99;
	*p = 1;
	FREE(p, 1);
	return 0;
}

TC(freed_before)
{
	P p = ALLOC((void __arena *)8192, 1);
	return p ? *p + 5 : 99;
}

TC(loop)
{
	int i, n = 0;
	for (i = 0; i < 200; i++) {
		void __arena *p = ALLOC(0, 1);
		if (p)
			n++;
		if (p)
			FREE(p, 1);
	}
	return n;
}

TC(mul)
{
	P p = ALLOC((void __arena *)8192, 1);
	if (!p)
		return 99;
	__u64 k = (__u64)p;
	k *= 3;
	k ^= 1;
	return k >> 40;
}

TC(cmp)
{
	P p = ALLOC((void __arena *)8192, 1);
	P q = ALLOC((void __arena *)12288, 1);
	if (!p || !q)
		return 99;
	return (p < q) + 2 * (p == AT(8192)) + 4 * (q - p == 1024);
}

static __noinline int deep(P p, int n)
{
	if (n <= 0)
		return *p;
	*p += n;
	return n;
}

TC(calls)
{
	P p = ALLOC((void __arena *)8192, 1);
	if (!p)
		return 99;
	deep(p, 3);
	deep(p, 4);
	return deep(p, 0);
}

__noinline int gl(int __arena *p __attribute__((btf_decl_tag("arg:arena"))))
{
	return *p + 1;
}

TC(global_arg)
{
	int __arena *p = ALLOC((void __arena *)8192, 1);
	if (!p)
		return 99;
	*p = 8;
	return gl(p);
}
