#include "kinds.h"

static struct bpf_spin_lock lock SEC(".data.lock");

SEC("kprobe/vfs_read")
int refused(void *context)
{
	bpf_spin_lock(&lock);
	bpf_spin_unlock(&lock);
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	bpf_spin_lock(&lock);
	bpf_spin_unlock(&lock);
	return 0;
}
