#include "kinds.h"

SEC("kprobe/vfs_read")
int refused(void *context)
{
	char byte;
	bpf_copy_from_user(&byte, 1, NULL);
	return 0;
}

SEC("kprobe/vfs_read")
int mended(void *context)
{
	char byte;
	bpf_probe_read_kernel(&byte, 1, NULL);
	return 0;
}
