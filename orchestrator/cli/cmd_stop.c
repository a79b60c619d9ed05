#include "cli/commands.h"
int cmd_stop(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 70;
}
