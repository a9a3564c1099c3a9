#include "kinds.h"

SEC("kprobe/vfs_read")
int refused(void *context)
{
	char comm[16];
	return bpf_skb_load_bytes(context, 0, comm, sizeof(comm));
}

SEC("kprobe/vfs_read")
int mended(void *context)
{
	char comm[16];
	return bpf_get_current_comm(comm, sizeof(comm));
}
