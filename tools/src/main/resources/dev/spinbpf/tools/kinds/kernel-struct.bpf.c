#include "kinds.h"

struct file {
	unsigned int f_flags;
} __attribute__((preserve_access_index));

SEC("fentry/vfs_open")
int refused(__u64 *context)
{
	struct file *file = (struct file *)context[1];
	file->f_flags = 0;
	return 0;
}

SEC("fentry/vfs_open")
int mended(__u64 *context)
{
	struct file *file = (struct file *)context[1];
	return file->f_flags & 0;
}
