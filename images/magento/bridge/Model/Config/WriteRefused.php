<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Config;

use Magento\Framework\Exception\LocalizedException;
use StoreController\Bridge\Core\Write;

/**
 * A backend model refused a value; nothing of the batch was written.
 */
class WriteRefused extends \DomainException
{
    /**
     * @param Write $write
     * @param LocalizedException $reason
     */
    public function __construct(public readonly Write $write, LocalizedException $reason)
    {
        parent::__construct($reason->getMessage(), 0, $reason);
    }
}
