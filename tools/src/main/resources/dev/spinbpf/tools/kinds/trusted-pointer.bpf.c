#include "kinds.h"

struct cpumask {
	unsigned long bits[1];
};
struct bpf_cpumask {
	struct cpumask cpumask;
};
struct bpf_cpumask *bpf_cpumask_create(void) __ksym;
void bpf_cpumask_release(struct bpf_cpumask *mask) __ksym;
struct bpf_cpumask *bpf_cpumask_acquire(struct bpf_cpumask *mask) __ksym;

struct element {
	struct bpf_cpumask __kptr *mask;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct element);
} elements SEC(".maps");

SEC("syscall")
int refused(void *context)
{
	__u32 key = 0;
	struct element *element = bpf_map_lookup_elem(&elements, &key);
	struct bpf_cpumask *mask = element ? element->mask : NULL;
	if (!mask)
		return 1;
	mask = bpf_cpumask_acquire(mask);
	if (mask)
		bpf_cpumask_release(mask);
	return 0;
}

SEC("syscall")
int mended(void *context)
{
	struct bpf_cpumask *mask = bpf_cpumask_create();
	if (!mask)
		return 1;
	struct bpf_cpumask *second = bpf_cpumask_acquire(mask);
	if (second)
		bpf_cpumask_release(second);
	bpf_cpumask_release(mask);
	return 0;
}
