// Task storage, and a user ring buffer that nobody filled.
#include "kernel.h"

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} per_task SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} requests SEC(".maps");

SEC("syscall") int task_storage(void *context)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 initial = 40, *value;
	BEGIN;

	REC(bpf_task_storage_get(&per_task, task, NULL, 0) != NULL);
	REC(bpf_task_storage_delete(&per_task, task));
	value = bpf_task_storage_get(&per_task, task, &initial, 1);
	REC(value ? *value : -1);
	if (value)
		*value += 2;
	value = bpf_task_storage_get(&per_task, task, NULL, 0);
	REC(value ? *value : -1);
	value = bpf_task_storage_get(&per_task, task, NULL, 1);
	REC(value ? *value : -1);
	REC(bpf_task_storage_get(&per_task, task, NULL, 2) != NULL);
	REC(bpf_task_storage_delete(&per_task, task));
	value = bpf_task_storage_get(&per_task, task, NULL, 1);
	REC(value ? *value : -1);
	DONE;
}

static long never(struct bpf_dynptr *sample, void *context)
{
	out[20]++;
	return 0;
}

SEC("syscall") int empty_requests(void *context)
{
	BEGIN;

	REC(bpf_user_ringbuf_drain(&requests, never, NULL, 0));
	REC(bpf_user_ringbuf_drain(&requests, never, NULL, 1));
	REC(bpf_user_ringbuf_drain(&requests, never, NULL, 8));
	DONE;
}
