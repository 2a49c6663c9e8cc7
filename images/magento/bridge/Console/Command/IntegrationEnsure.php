<?php

declare(strict_types=1);

namespace StoreController\Bridge\Console\Command;

use Magento\Framework\App\Area;
use Magento\Framework\App\State;
use Magento\Framework\Console\Cli;
use Magento\Framework\Exception\LocalizedException;
use StoreController\Bridge\Model\Integrations;
use Symfony\Component\Console\Command\Command;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\InputOption;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * Makes or renews the control plane's integration and prints its credentials as JSON. Core has no command for it.
 */
class IntegrationEnsure extends Command
{
    private const NAME = 'name';
    private const RESOURCES = 'resources';
    private const ROTATE = 'rotate';

    /**
     * @param State $state
     * @param Integrations $integrations
     */
    public function __construct(private readonly State $state, private readonly Integrations $integrations)
    {
        parent::__construct();
    }

    /**
     * @inheritDoc
     */
    protected function configure(): void
    {
        $this->setName('storecontroller:integration:ensure');
        $this->setDescription('Makes sure that the control plane can sign in; prints its credentials as JSON');
        $this->addOption(self::NAME, null, InputOption::VALUE_REQUIRED, 'Name of the integration', 'store-controller');
        $this->addOption(
            self::RESOURCES,
            null,
            InputOption::VALUE_REQUIRED,
            'Access control resources by commas; every one counts alone, a parent does not bring its children'
        );
        $this->addOption(self::ROTATE, null, InputOption::VALUE_NONE, 'Make a new token; the old one is void at once');
    }

    /**
     * @inheritDoc
     */
    protected function execute(InputInterface $input, OutputInterface $output): int
    {
        $errors = $output instanceof \Symfony\Component\Console\Output\ConsoleOutputInterface
            ? $output->getErrorOutput()
            : $output;
        try {
            $done = $this->state->emulateAreaCode(Area::AREA_ADMINHTML, fn (): array => $this->integrations->ensure(
                (string)$input->getOption(self::NAME),
                array_values(array_filter(explode(',', (string)$input->getOption(self::RESOURCES)), 'strlen')),
                (bool)$input->getOption(self::ROTATE)
            ));
        } catch (LocalizedException $failure) {
            $errors->writeln('<error>' . $failure->getMessage() . '</error>');
            return Cli::RETURN_FAILURE;
        }
        $output->writeln(json_encode($done, JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR));
        return Cli::RETURN_SUCCESS;
    }
}
