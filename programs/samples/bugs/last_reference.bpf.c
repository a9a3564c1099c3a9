// Looked at and taken in two steps: two CPUs take the last reference.
#include "../sample.h"

__u64 references = 1;

SEC("syscall")
int drop(void *ctx)
{
#ifdef MENDED
	__u64 seen = *(volatile __u64 *)&references;

	if (seen)
		__sync_val_compare_and_swap(&references, seen, seen - 1);
#else
	if (references)
		references--;
#endif
	return 0;
}
