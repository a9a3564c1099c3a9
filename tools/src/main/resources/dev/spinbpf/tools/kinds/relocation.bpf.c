#include "kinds.h"

struct task_struct___renamed {
	int no_such_member;
} __attribute__((preserve_access_index));

SEC("kprobe/vfs_read")
int refused(void *context)
{
	struct task_struct___renamed *task = context;
	int value = 0;
	bpf_probe_read_kernel(&value, sizeof(value), &task->no_such_member);
	return value & 1;
}

SEC("kprobe/vfs_read")
int mended(void *context)
{
	struct task_struct___renamed *task = context;
	int value = 0;
	if (bpf_core_field_exists(task->no_such_member))
		bpf_probe_read_kernel(&value, sizeof(value), &task->no_such_member);
	return value & 1;
}
