// Ordinary spin locks in programs that are nested into each other: what Linux does not survive.
#include "../linux/kernel.h"

#define PRIVATE(name) SEC(".bss." #name) __attribute__((visibility("hidden"), aligned(8)))

PRIVATE(A) struct bpf_spin_lock a;
PRIVATE(B) struct bpf_spin_lock b;
__u64 sum;

#define HOLD(name, lock)                                                                                               \
	SEC("syscall")                                                                                                 \
	int name(void *ctx)                                                                                            \
	{                                                                                                              \
		bpf_spin_lock(&lock);                                                                                  \
		sum++;                                                                                                 \
		bpf_spin_unlock(&lock);                                                                                \
		return 7;                                                                                              \
	}

HOLD(hold_a, a)
HOLD(hold_b, b)
HOLD(other_a, a)
HOLD(other_b, b)
