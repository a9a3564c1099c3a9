// ABA: `pop` reads the head and its successor. Before it swaps, another CPU pops both and pushes the first one again: the swap
// succeeds and puts an element on the list that is in use.
#include "../sample.h"

struct {
	__u64 next[4];
} list = {{1, 2, 3, 0}};
__u64 head = 1, owner[4];

/* Elements are 1 to 3; 0 ends the list. The upper half of a mended head changes with each push. */
static __always_inline __u64 pop(void)
{
	__u64 seen = *(volatile __u64 *)&head;
	__u64 next = *(volatile __u64 *)&list.next[seen & 3];

#ifdef MENDED
	next |= seen & ~3ULL;
#endif
	if (!(seen & 3) || __sync_val_compare_and_swap(&head, seen, next) != seen)
		return 0;
	return seen & 3;
}

static __always_inline void push(__u64 element)
{
	__u64 seen = *(volatile __u64 *)&head;
	__u64 next = element;

	*(volatile __u64 *)&list.next[element & 3] = seen & 3;
#ifdef MENDED
	next |= (seen & ~3ULL) + 4;
#endif
	__sync_val_compare_and_swap(&head, seen, next);
}

SEC("syscall")
int borrow(void *ctx)
{
	__u64 one = pop();
	__u64 other;

	if (!one)
		return 0;
	other = pop();
	push(one);
	if (other)
		owner[other & 3] = bpf_get_smp_processor_id();
	return 0;
}
