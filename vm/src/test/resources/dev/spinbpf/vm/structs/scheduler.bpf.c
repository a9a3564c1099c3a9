// A scheduler that checks the order in which its functions are called for each task, and one of congestion control.
#include "../linux/kernel.h"

#define QUEUE 7
#define SLICE 20000000

struct task_struct {
	int pid;
};
struct sock;
struct sched_ext_ops {
	int (*select_cpu)(struct task_struct *, int, __u64);
	void (*enqueue)(struct task_struct *, __u64);
	void (*dispatch)(int, struct task_struct *);
	void (*tick)(struct task_struct *);
	void (*runnable)(struct task_struct *, __u64);
	void (*running)(struct task_struct *);
	void (*stopping)(struct task_struct *, bool);
	void (*quiescent)(struct task_struct *, __u64);
	int (*init_task)(struct task_struct *, void *);
	void (*exit_task)(struct task_struct *, void *);
	void (*enable)(struct task_struct *);
	void (*disable)(struct task_struct *);
	int (*init)(void);
	void (*exit)(void *);
};
struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *);
	void (*cong_avoid)(struct sock *, __u32, __u32);
	void (*init)(struct sock *);
	void (*release)(struct sock *);
};

int scx_bpf_create_dsq(__u64 id, int node) __ksym;
void scx_bpf_dsq_insert(struct task_struct *p, __u64 id, __u64 slice, __u64 flags) __ksym;
bool scx_bpf_dsq_move_to_local(__u64 id) __ksym;
int scx_bpf_dsq_nr_queued(__u64 id) __ksym;

enum state { NEW, MADE, ASLEEP, CHOSEN, AWAKE, WAITING, RUNNING, STOPPED };

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} states SEC(".maps");

__u64 wrong, unknown, runs, switches, sleeps, ticks, waiting, inits, made, enabled, disabled, gone, exits;
__u64 sockets, losses, acks, released;

static void go(void *p, __u64 allowed, __u64 to)
{
	__u64 *state = bpf_task_storage_get(&states, p, 0, 1);

	if (!state) {
		__sync_fetch_and_add(&unknown, 1);
		return;
	}
	if (!(1 << *state & allowed))
		__sync_fetch_and_add(&wrong, 1);
	*state = to;
}

SEC("struct_ops/select") int choose(__u64 *ctx)
{
	go((void *)ctx[0], 1 << ASLEEP, CHOSEN);
	return ctx[1];
}

SEC("struct_ops/runnable") int awake(__u64 *ctx)
{
	go((void *)ctx[0], 1 << CHOSEN, AWAKE);
	return 0;
}

SEC("struct_ops/enqueue") int wait(__u64 *ctx)
{
	go((void *)ctx[0], 1 << AWAKE | 1 << STOPPED, WAITING);
	scx_bpf_dsq_insert((void *)ctx[0], QUEUE, SLICE, ctx[1]);
	return 0;
}

SEC("struct_ops/dispatch") int next(__u64 *ctx)
{
	int queued = scx_bpf_dsq_nr_queued(QUEUE);

	if (queued > 0)
		waiting = queued;
	scx_bpf_dsq_move_to_local(QUEUE);
	return 0;
}

SEC("struct_ops/running") int running(__u64 *ctx)
{
	go((void *)ctx[0], 1 << WAITING, RUNNING);
	if ((__u64)bpf_get_current_task_btf() != ctx[0])
		__sync_fetch_and_add(&wrong, 1);
	__sync_fetch_and_add(&runs, 1);
	return 0;
}

SEC("struct_ops/tick") int tick(__u64 *ctx)
{
	go((void *)ctx[0], 1 << RUNNING, RUNNING);
	__sync_fetch_and_add(&ticks, 1);
	return 0;
}

SEC("struct_ops/stopping") int stopping(__u64 *ctx)
{
	go((void *)ctx[0], 1 << RUNNING, STOPPED);
	if (ctx[1])
		__sync_fetch_and_add(&switches, 1);
	return 0;
}

SEC("struct_ops/quiescent") int asleep(__u64 *ctx)
{
	go((void *)ctx[0], 1 << STOPPED, ASLEEP);
	__sync_fetch_and_add(&sleeps, 1);
	return 0;
}

SEC("struct_ops.s/init_task") int make(__u64 *ctx)
{
	go((void *)ctx[0], 1 << NEW, MADE);
	made++;
	return 0;
}

SEC("struct_ops/enable") int enable(__u64 *ctx)
{
	go((void *)ctx[0], 1 << MADE, ASLEEP);
	enabled++;
	return 0;
}

SEC("struct_ops/disable") int disable(__u64 *ctx)
{
	disabled++;
	return 0;
}

SEC("struct_ops/exit_task") int end(__u64 *ctx)
{
	gone++;
	return 0;
}

SEC("struct_ops.s/init") int init(__u64 *ctx)
{
	inits++;
	return scx_bpf_create_dsq(QUEUE, -1);
}

SEC("struct_ops.s/exit") int leave(__u64 *ctx)
{
	exits++;
	return 0;
}

SEC("struct_ops/tcp_init") int tcp_init(__u64 *ctx)
{
	sockets++;
	return 0;
}

SEC("struct_ops/ssthresh") int ssthresh(__u64 *ctx)
{
	if (!sockets || released)
		wrong++;
	losses++;
	return 2;
}

SEC("struct_ops/cong_avoid") int cong_avoid(__u64 *ctx)
{
	acks++;
	return 0;
}

SEC("struct_ops/tcp_release") int tcp_release(__u64 *ctx)
{
	released++;
	return 0;
}

SEC(".struct_ops.link") struct sched_ext_ops checked = {
	.select_cpu = (void *)choose,
	.enqueue = (void *)wait,
	.dispatch = (void *)next,
	.tick = (void *)tick,
	.runnable = (void *)awake,
	.running = (void *)running,
	.stopping = (void *)stopping,
	.quiescent = (void *)asleep,
	.init_task = (void *)make,
	.exit_task = (void *)end,
	.enable = (void *)enable,
	.disable = (void *)disable,
	.init = (void *)init,
	.exit = (void *)leave,
};

SEC(".struct_ops.link") struct tcp_congestion_ops congestion = {
	.ssthresh = (void *)ssthresh,
	.cong_avoid = (void *)cong_avoid,
	.init = (void *)tcp_init,
	.release = (void *)tcp_release,
};

