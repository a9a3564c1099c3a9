#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* The kernel takes no type whose name has a '$', and libbpf loads no object that implements a struct without its types. */
struct my$count { __u64 n; } count;

struct tcp_congestion_ops {
	__u32 (*ssthresh)(void *sk);
	char name[16];
};

SEC("struct_ops/ssthresh")
__u32 threshold(unsigned long long *ctx)
{
	count.n++;
	return 2;
}

SEC("tc")
int bystander(struct __sk_buff *skb)
{
	count.n++;
	return 0;
}

SEC(".struct_ops.link")
struct tcp_congestion_ops counting = { .ssthresh = (void *)threshold, .name = "counting" };

char LICENSE[] SEC("license") = "GPL";
