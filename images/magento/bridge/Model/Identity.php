<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use Magento\Framework\App\DeploymentConfig;

/**
 * Who this shop is; whoever installed it said so, and the Bridge never changes it.
 */
class Identity
{
    private const PATH = 'storecontroller/instance_uid';
    private const VARIABLE = 'STORECONTROLLER_INSTANCE_UID';

    /**
     * @param DeploymentConfig $deployment
     */
    public function __construct(private readonly DeploymentConfig $deployment)
    {
    }

    /**
     * Returns the identity from env.php, else from the environment; an empty text when nobody gave one.
     */
    public function uid(): string
    {
        $configured = $this->deployment->get(self::PATH);
        if (is_string($configured) && $configured !== '') {
            return $configured;
        }
        // phpcs:ignore Magento2.Functions.DiscouragedFunction -- an image is told who it is by its environment.
        return (string)getenv(self::VARIABLE);
    }
}
