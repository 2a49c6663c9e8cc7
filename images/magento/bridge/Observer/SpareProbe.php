<?php

declare(strict_types=1);

namespace StoreController\Bridge\Observer;

use Magento\Framework\Event\Observer;
use Magento\Framework\Event\ObserverInterface;
use StoreController\Bridge\Core\Probe;

/**
 * No mail confirms a test purchase: it would go to nobody and come back.
 */
class SpareProbe implements ObserverInterface
{
    /**
     * @inheritDoc
     */
    public function execute(Observer $observer): void
    {
        $order = $observer->getEvent()->getData('order');
        if ($order !== null && Probe::bought($order->getCustomerEmail())) {
            $order->setCanSendNewEmailFlag(false);
        }
    }
}
