/* Kernel functions, kernel variables and settings. */
#include "common.h"

extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern int bpf_not_there___v2(int x) __weak __ksym;
extern const int bpf_prog_active __ksym;
extern const void some_symbol __weak __ksym;
extern int LINUX_KERNEL_VERSION __kconfig;
extern _Bool CONFIG_WEAK __kconfig __weak;
extern int CONFIG_HZ __kconfig;
extern char CONFIG_NAME[8] __kconfig __weak;

SEC("raw_tp/sys_enter") int calls(void *ctx)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	if (bpf_not_there___v2)
		return bpf_not_there___v2(3);
	return LINUX_KERNEL_VERSION + CONFIG_WEAK + CONFIG_NAME[0];
}

SEC("raw_tp/sys_enter") int loads(void *ctx)
{
	return bpf_prog_active + (&some_symbol != NULL);
}

SEC("raw_tp/sys_enter") int needs_setting(void *ctx)
{
	return CONFIG_HZ;
}

char _license[] SEC("license") = "GPL";
