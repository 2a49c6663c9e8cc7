<?php

declare(strict_types=1);

namespace StoreController\Bridge\Plugin;

use Magento\PageCache\Model\Cache\Server;
use StoreController\Bridge\Core\Addresses;

/**
 * Tells every page cache behind a name what to forget. Magento tells the first one that the name leads to, and the
 * others would show on what they have.
 */
class EveryPageCache
{
    /**
     * @param Addresses $addresses
     */
    public function __construct(private readonly Addresses $addresses)
    {
    }

    /**
     * Gives each address of each name; a name that leads nowhere stays, so that Magento's log names it.
     *
     * @param Server $subject
     * @param \Laminas\Uri\Uri[] $uris
     * @return \Laminas\Uri\Uri[]
     * @SuppressWarnings(PHPMD.UnusedFormalParameter)
     */
    public function afterGetUris(Server $subject, array $uris): array
    {
        $every = [];
        foreach ($uris as $uri) {
            foreach ($this->addresses->of((string)$uri->getHost()) as $address) {
                $every[] = (clone $uri)->setHost($address);
            }
        }
        return $every;
    }
}
