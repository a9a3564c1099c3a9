// The few types of a kernel that some kinds need: names, members and order are Linux's, compiled into kernel.o for its .BTF alone.
typedef unsigned long long u64;

struct path {
	u64 words[2];
};
struct file {
	unsigned int f_flags;
	unsigned int f_mode;
};
struct task_struct {
	int pid;
	int tgid;
};
struct sock {
	int number;
};
struct tcp_congestion_ops {
	void (*init)(struct sock *sk);
	void (*release)(struct sock *sk);
	char name[16];
};
struct bpf_struct_ops_common {
	int refcnt;
	int state;
};
struct bpf_struct_ops_tcp_congestion_ops {
	struct bpf_struct_ops_common common;
	struct tcp_congestion_ops data __attribute__((aligned(64)));
};

struct task_struct first_task;
struct bpf_struct_ops_tcp_congestion_ops registered;

int vfs_open(const struct path *path, struct file *file)
{
	return file->f_flags + (int)path->words[0];
}
