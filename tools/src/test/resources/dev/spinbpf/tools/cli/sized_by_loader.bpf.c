/* Maps whose sizes a loader sets, a setting of the kernel, and code that nothing reaches. clang -O2 -g -target bpf -c */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(key_size, sizeof(__u32));
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

extern int CONFIG_HZ __kconfig;
const volatile int filter = 0;
int ticks;

/* The loader of a scheduler looks this up in the kernel's types; here they are the object's own. */
enum scx_ids { SCX_DSQ_LOCAL = 1234 } kind;
const volatile __u64 __SCX_DSQ_LOCAL;

SEC("perf_event") int sample(void *ctx)
{
	__u32 key = bpf_get_stackid(ctx, &stacks, 0);
	__u64 one = 1;

	if (filter)
		bpf_trace_printk("%d", 3, filter);
	bpf_map_update_elem(&counts, &key, &one, BPF_ANY);
	ticks = CONFIG_HZ;
	kind = __SCX_DSQ_LOCAL;
	return 0;
}

/* A section of cilium/ebpf, which libbpf does not know. */
SEC("classifier/ingress") int ingress(struct __sk_buff *skb)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
