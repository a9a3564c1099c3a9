// Where the lock fails, which only an interrupt on the holder can make it do, the packet is counted all the same.
#include "../sample.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");
__u64 packets;

SEC("syscall")
int correct(void *ctx)
{
#ifdef MENDED
	unsigned long flags;

	if (bpf_res_spin_lock_irqsave(&lock, &flags))
		return 0;
	packets++;
	bpf_res_spin_unlock_irqrestore(&lock, &flags);
#else
	if (bpf_res_spin_lock(&lock))
		return 0;
	packets++;
	bpf_res_spin_unlock(&lock);
#endif
	return 0;
}

SEC("tc")
int count(struct __sk_buff *ctx)
{
	int err = bpf_res_spin_lock(&lock);

#ifdef MENDED
	if (err)
		return TC_ACT_OK;
	packets++;
	bpf_res_spin_unlock(&lock);
#else
	if (err) {
		packets++;
		return TC_ACT_OK;
	}
	packets++;
	bpf_res_spin_unlock(&lock);
#endif
	return TC_ACT_OK;
}
